import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import sharp from 'sharp';
import type { EndReason, ToolName, ToolObserver } from '../../src/pipeline/bounded-process.js';
import { askChild } from '../../src/pipeline/decode/child.js';
import { ProcessDiedError, ProcessorUnavailableError } from '../../src/pipeline/errors.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import type { PhotoFile, PipelineOptions, ProcessedPhoto } from '../../src/pipeline/types.js';
import { jpegOfScans, withSegments } from './bomb-files.js';
import { childProcesses, fourCorners, isReading, limits, mediaErrorOf, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const MEBIBYTE = 1024 * 1024;

const write = (name: string, content: Buffer, mimeType = 'image/jpeg'): PhotoFile => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { path, mimeType };
};
/** Decodes for as long as a test may take: each of the scans goes over all pixels. */
const endless = write('endless.jpg', jpegOfScans(3000, 3000, { emptyScans: 20_000 }));

/** A pipeline whose helper processes are recorded. */
async function observed<T>(
  options: Partial<PipelineOptions>,
  use: (pipeline: Pipeline) => Promise<T>,
): Promise<{ result: T; started: ToolName[]; ended: [ToolName, EndReason][] }> {
  const started: ToolName[] = [];
  const ended: [ToolName, EndReason][] = [];
  const observer: ToolObserver = {
    started: (tool) => started.push(tool),
    ended: (tool, reason) => ended.push([tool, reason]),
  };
  const pipeline = new Pipeline({ scratchDir: folder, observer, ...options });
  try {
    return { result: await use(pipeline), started, ended };
  } finally {
    await pipeline.close();
  }
}

const decoderOf = (): Promise<number> =>
  eventually(() => {
    const [pid] = childProcesses('decode-child');
    if (pid === undefined) throw new Error('no decoder runs');
    return pid;
  });

const limitOf = (pid: number, name: string): number => {
  const line = readFileSync(`/proc/${pid}/limits`, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(name));
  return Number(line?.slice(26).trim().split(/\s+/)[0]);
};

/** The fifth field; the second one is a name in brackets (proc_pid_stat(5)). */
const processGroupOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]);

describe('a picture that takes much to decode', () => {
  test('has a process with limits of memory and processor time, which the kernel ends first', async () => {
    const options = { maxMemoryBytes: 100 * MEBIBYTE, taskTimeoutMs: 200_000 };
    const { started } = await observed(options, async (pipeline) => {
      const abort = new AbortController();
      const processing = pipeline.process(endless, abort.signal);
      processing.catch(() => undefined);
      const pid = await decoderOf();
      await eventually(() => expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^[^\0]*node/));
      expect(limitOf(pid, 'Max data size')).toBe((64 + 100) * MEBIBYTE);
      // A minute more than its time, in which it loads its libraries.
      expect(limitOf(pid, 'Max cpu time')).toBe(260);
      expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000');
      expect(processGroupOf(pid)).toBe(pid);
      abort.abort(new Error('no longer needed'));
      await expect(processing).rejects.toThrow('no longer needed');
      expect(childProcesses('decode-child')).toEqual([]);
    });
    expect(started).toContain('decoder');
  });

  test('is given up after its time', async () => {
    const { ended } = await observed({ taskTimeoutMs: 2000 }, async (pipeline) => {
      const error = await mediaErrorOf(pipeline.process(endless));
      expect(error).toMatchObject({ code: 'timed_out', width: 3000, height: 3000 });
    });
    expect(ended).toContainEqual(['decoder', 'time']);
    expect(childProcesses('decode-child')).toEqual([]);
  });

  test('counts as an attempt if something else ends its process', async () => {
    const { ended } = await observed({}, async (pipeline) => {
      const processing = pipeline.process(endless);
      const rejected = expect(processing).rejects.toBeInstanceOf(ProcessDiedError);
      const pid = await decoderOf();
      await eventually(() => expect(isReading(pid, endless.path)).toBe(true));
      process.kill(pid, 'SIGKILL');
      await rejected;
    });
    expect(ended).toEqual([['decoder', 'killed']]);
  });

  test('does not count as an attempt if its process cannot load what it needs', async () => {
    const ended: EndReason[] = [];
    const options = {
      limits,
      signal: new AbortController().signal,
      onEnd: (reason: EndReason) => ended.push(reason),
    };
    const asking = askChild(
      { kind: 'header', path: endless.path, where: {} },
      options,
      join(folder, 'gone.js'),
    );
    await expect(asking).rejects.toBeInstanceOf(ProcessorUnavailableError);
    expect(ended).toEqual([]);
  });

  test('waits for the one before it', async () => {
    await observed({}, async (pipeline) => {
      const abort = new AbortController();
      const both = [pipeline.process(endless, abort.signal), pipeline.process(endless, abort.signal)];
      const settled = Promise.allSettled(both);
      await decoderOf();
      // exiftool has read both, so the second one is as far as it can be.
      expect(childProcesses('decode-child')).toHaveLength(1);
      abort.abort();
      await settled;
    });
  });

  test('because its header is as large as a disk is read in a process of its own', async () => {
    const picture = await sharp({ create: { width: 640, height: 480, channels: 3, background: '#775533' } })
      .jpeg()
      .toBuffer();
    const file = write('segments.jpg', withSegments(picture, 65 * MEBIBYTE));
    const { result, started } = await observed({}, (pipeline) => pipeline.process(file));
    expect(result).toMatchObject({ width: 640, height: 480 });
    expect(started.filter((tool) => tool === 'decoder')).toHaveLength(2);
  });
});

describe('an ordinary photo', () => {
  test.each([
    ['baseline.jpg', 4000, 3000, { progressive: false }],
    ['progressive.jpg', 4000, 3000, { progressive: true }],
  ])('%s needs no process of its own', async (name, width, height, options) => {
    const content = await sharp({ create: { width, height, channels: 3, background: '#335577' } })
      .jpeg(options)
      .toBuffer();
    const { started } = await observed({}, (pipeline) => pipeline.process(write(name, content)));
    expect(started).toEqual(['exiftool']);
  });

  test.each([
    ['turned.jpg', 'image/jpeg', (corners: Buffer) => sharp(corners).withMetadata({ orientation: 6 }).jpeg()],
    [
      'deep.png',
      'image/png',
      (corners: Buffer) => sharp(corners).toColourspace('rgb16').withIccProfile('p3').png(),
    ],
    ['lab.tif', 'image/tiff', (corners: Buffer) => sharp(corners).toColourspace('lab').tiff()],
    ['photo.avif', 'image/avif', (corners: Buffer) => sharp(corners).avif({ effort: 0 })],
  ])('%s looks the same if a process of its own decodes it', async (name, mimeType, make) => {
    const file = write(name, await make(await fourCorners(160, 120)).toBuffer(), mimeType);
    const { result, started } = await observed({}, async (pipeline) => [
      await pipeline.process(file),
      await pipeline.process(file, undefined, true),
    ]);
    expect(started).toContain('decoder');
    const [here, there] = result as [ProcessedPhoto, ProcessedPhoto];
    expect(there).toEqual(here);
  });
});
