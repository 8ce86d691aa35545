import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import sharp from 'sharp';
import {
  MediaError,
  ProcessDiedError,
  ProcessorFaultError,
  ProcessorUnavailableError,
} from '../../src/pipeline/errors.js';
import { MetadataTool } from '../../src/pipeline/metadata/exiftool.js';
import { TAG_ARGUMENTS } from '../../src/pipeline/metadata/tags.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import {
  childProcesses,
  mediaErrorOf,
  openPipeline,
  temporaryFolder,
  withLongText,
  withPipeline,
} from './support.js';

const folder = temporaryFolder();
const path = join(folder, 'photo.jpg');
const file = { path, mimeType: 'image/jpeg' };
writeFileSync(
  path,
  await sharp({ create: { width: 640, height: 480, channels: 3, background: '#775533' } })
    .withExif({ IFD0: { Make: 'Testcam' } })
    .jpeg()
    .toBuffer(),
);

describe('the metadata process', () => {
  test('starts with the first photo, serves many, and ends with the pipeline', async () => {
    const pipeline = new Pipeline({ scratchDir: folder });
    expect(childProcesses('exiftool')).toEqual([]);
    await pipeline.process(file);
    const started = childProcesses('exiftool');
    expect(started).toHaveLength(1);
    await Promise.all(Array.from({ length: 8 }, () => pipeline.process(file)));
    expect(childProcesses('exiftool')).toEqual(started);
    await pipeline.close();
    expect(childProcesses('exiftool')).toEqual([]);
  });

  test('is started again after it was killed, between photos and in the middle of one', async () => {
    const pipeline = new Pipeline({ scratchDir: folder });
    await pipeline.process(file);
    for (const pid of childProcesses('exiftool')) process.kill(pid, 'SIGKILL');
    expect((await pipeline.process(file)).metadata.cameraMake).toBe('Testcam');

    const [victim] = childProcesses('exiftool');
    const processing = Promise.all(Array.from({ length: 5 }, () => pipeline.process(file)));
    if (victim) process.kill(victim, 'SIGKILL');
    for (const { metadata } of await processing) expect(metadata.cameraMake).toBe('Testcam');
    await pipeline.close();
  });

  test('that hangs on a file is stopped, and the next file is read', async () => {
    const pipe = join(folder, 'hangs.jpg');
    execFileSync('mkfifo', [pipe]);
    const tool = new MetadataTool({ taskTimeoutMs: 1_000 });
    expect((await mediaErrorOf(tool.readTags(pipe, TAG_ARGUMENTS))).code).toBe('timed_out');
    // The new one may itself take longer than that to start.
    await eventually(async () =>
      expect(await tool.readTags(path, TAG_ARGUMENTS)).toMatchObject({ 'EXIF:Make': 'Testcam' }),
    );
    await tool.close();
  });

  test.each([
    ['perl', { perl: 'no-such-perl' }],
    ['its configuration', { configPath: '/no/such/exiftool.config' }],
  ])(
    'that cannot be started without %s is a fault of the machine, not of the file',
    async (_what, missing) => {
      const tool = new MetadataTool({ taskTimeoutMs: 20_000, ...missing });
      for (let attempt = 0; attempt < 2; attempt++) {
        await expect(tool.readTags(path, TAG_ARGUMENTS)).rejects.toBeInstanceOf(ProcessorUnavailableError);
      }
      await tool.close();
    },
  );
});

describe('metadata that take more memory than exiftool may have', () => {
  const bomb = join(folder, 'bomb.png');
  const smallBomb = join(folder, 'small-bomb.png');

  beforeAll(async () => {
    const picture = await sharp(path).png().toBuffer();
    writeFileSync(bomb, withLongText(picture, 400_000_000));
    // perl keeps one copy of the text, which is more than a process may keep; the other copies are given back.
    writeFileSync(smallBomb, withLongText(picture, 160_000_000));
  });

  test('cost the photo its metadata, not its previews, and the next photo nothing', async () => {
    await withPipeline({ scratchDir: folder }, async (pipeline) => {
      const processed = await pipeline.process({ path: bomb, mimeType: 'image/png' });
      expect(processed).toMatchObject({ width: 640, height: 480, metadataFault: { code: 'too_large' } });
      expect(processed.metadata.kind).toBeUndefined();
      expect(processed.previews).toHaveLength(2);
      const next = await pipeline.process(file);
      expect(next.metadata.cameraMake).toBe('Testcam');
      expect(next.metadataFault).toBeUndefined();
    });
  });

  test('are a fault of the file, and nothing of the files that are read at the same time', async () => {
    const tool = new MetadataTool({ taskTimeoutMs: 60_000, maxMemoryBytes: 192 * 1024 * 1024 });
    const [failed, ...read] = await Promise.all([
      mediaErrorOf(tool.readTags(bomb, TAG_ARGUMENTS)),
      ...Array.from({ length: 4 }, () => tool.readTags(path, TAG_ARGUMENTS)),
    ]);
    expect(failed?.code).toBe('too_large');
    for (const tags of read) expect(tags).toMatchObject({ 'EXIF:Make': 'Testcam' });
    await tool.close();
  });

  test('are not the fault of a file whose process was ended by something else', async () => {
    // Stands in for perl: it runs out of memory for one file; for another one it exits silently, as if it was killed.
    const perl = join(folder, 'perl-that-ends');
    const script = [
      '#!/bin/sh',
      'while IFS= read -r line; do case "$line" in',
      '  *large*) echo "Out of memory!" >&2; exit 1 ;;',
      '  *killed*) exit 1 ;;',
      '  -execute*) echo 13.00; echo "{ready}" ;;',
      'esac; done',
    ];
    writeFileSync(perl, script.join('\n'), { mode: 0o755 });
    const tool = new MetadataTool({ taskTimeoutMs: 60_000, perl });
    const read = (name: string) => tool.readTags(join(folder, name), TAG_ARGUMENTS);
    const names = ['killed.jpg', 'large.jpg', 'killed.jpg', 'large.jpg'];
    const outcomes = await Promise.allSettled(names.map(read));
    const [killed, large] = [expect.any(ProcessDiedError), expect.objectContaining({ code: 'too_large' })];
    expect(outcomes).toMatchObject([killed, large, killed, large].map((reason) => ({ reason })));
    await tool.close();
  });

  test('that fit end the process that has grown by them, not the photo', async () => {
    const tool = new MetadataTool({ taskTimeoutMs: 60_000, maxMemoryBytes: 1024 * 1024 * 1024 });
    await tool.readTags(path, TAG_ARGUMENTS);
    const before = childProcesses('exiftool');
    expect(await tool.readTags(smallBomb, TAG_ARGUMENTS)).toMatchObject({ 'PNG:ImageWidth': '640' });
    await eventually(() => expect(childProcesses('exiftool')).not.toEqual(before));
    expect(await tool.readTags(path, TAG_ARGUMENTS)).toMatchObject({ 'EXIF:Make': 'Testcam' });
    await tool.close();
  });
});

describe('faults of the machine', () => {
  const pipeline = openPipeline();

  test.each([
    ['a file that is gone', join(folder, 'gone.jpg')],
    ['a folder', folder],
  ])('%s', async (_, path) => {
    const processing = pipeline.process({ path, mimeType: 'image/jpeg' });
    await expect(processing).rejects.toBeInstanceOf(ProcessorUnavailableError);
  });

  test('an error that nobody expects may be the fault of the photo', async () => {
    const surprising = new Pipeline({
      scratchDir: folder,
      now: () => {
        throw new TypeError('not expected');
      },
    });
    await expect(surprising.process(file)).rejects.toBeInstanceOf(ProcessorFaultError);
    await surprising.close();
  });

  test('a closed pipeline', async () => {
    const closed = new Pipeline({ scratchDir: folder });
    await closed.close();
    await expect(closed.process(file)).rejects.toBeInstanceOf(ProcessorUnavailableError);
  });

  test('a folder name that exiftool would misread is refused at once', () => {
    const scratchDir = join(folder, '100%d');
    mkdirSync(scratchDir);
    expect(() => new Pipeline({ scratchDir })).toThrow(TypeError);
  });
});

describe('aborting', () => {
  const pipeline = openPipeline();

  test('before the work starts', async () => {
    const reason = new Error('no longer needed');
    const aborted = withPipeline({}, (pipeline) => pipeline.process(file, AbortSignal.abort(reason)));
    await expect(aborted).rejects.toBe(reason);
  });

  test('between two steps', async () => {
    const abort = new AbortController();
    const processing = pipeline.process(file, abort.signal);
    abort.abort();
    await expect(processing).rejects.toMatchObject({ name: 'AbortError' });
    await expect(pipeline.process(file)).resolves.toBeDefined();
  });
});

test('an empty file is the fault of the file', async () => {
  const empty = join(folder, 'empty.jpg');
  writeFileSync(empty, '');
  const error = await withPipeline({}, (pipeline) =>
    mediaErrorOf(pipeline.process({ path: empty, mimeType: 'image/jpeg' })),
  );
  expect(error).toBeInstanceOf(MediaError);
  expect(error).toMatchObject({ code: 'undecodable', metadata: {} });
});
