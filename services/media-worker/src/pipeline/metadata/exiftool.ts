import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ExifTool, WriteTags } from 'exiftool-vendored';
import { MediaError, ProcessorUnavailableError } from '../errors.js';
import type { RawTags } from './tags.js';

export interface MetadataTool {
  /** The tags named by exiftool arguments. Throws `MediaError` (timed_out) or `ProcessorUnavailableError`. */
  readTags(path: string, tagArguments: readonly string[]): Promise<RawTags>;
  /** Writes the value of a binary tag to a new file. Errors as above. */
  extract(tag: string, source: string, target: string): Promise<void>;
  /**
   * Writes a copy of a file with other tags to a new file, `target`. Resolves to false, with no more than a plain copy in `target`, when
   * there was nothing to change. Throws `UnwritableError` when exiftool cannot write this file, else as above.
   */
  write(source: string, target: string, tags: WrittenTags): Promise<boolean>;
  close(): Promise<void>;
}

/** Tags by exiftool's names, in the order in which they are written; null removes a tag, a list replaces all items. */
export type WrittenTags = Readonly<Record<string, string | number | readonly string[] | null>>;

/** exiftool cannot write the file: its format, or what is wrong with it. The message is exiftool's. */
export class UnwritableError extends Error {
  override readonly name = 'UnwritableError';
}

export interface MetadataToolOptions {
  taskTimeoutMs: number;
  /** The interpreter that runs the exiftool which comes with the package; looked up in the PATH. */
  perl?: string;
}

interface Running {
  tool: ExifTool;
  startError?: Error;
}

const minuteMs = 60_000;

/**
 * One exiftool process, started when first needed and kept: starting perl for each photo would cost more than decoding
 * it. Perl goes away when idle, after faults and now and then, and comes back by itself.
 */
export function createMetadataTool(options: MetadataToolOptions): MetadataTool {
  let running: Promise<Running> | undefined;
  let closed = false;

  function use(): Promise<Running> {
    if (closed) throw new ProcessorUnavailableError('The photo processor is closed');
    running ??= start(options, () => {
      running = undefined;
    });
    return running;
  }

  async function run<T>(task: (tool: ExifTool) => Promise<T>, retries = 1): Promise<T> {
    const current = await use();
    try {
      return await task(current.tool);
    } catch (error) {
      if (isTimeout(error)) {
        throw new MediaError('timed_out', 'Reading the metadata took too long', { cause: error });
      }
      // A file's own faults come back as tags, so whatever else fails is the process: killed, out of memory, not there.
      if (retries > 0 && !current.startError && !closed) return run(task, retries - 1);
      throw new ProcessorUnavailableError('exiftool is not available', {
        cause: current.startError ?? error,
      });
    }
  }

  return {
    readTags: (path, tagArguments) =>
      run(async (tool) => {
        const tags = await tool.readRaw(path, { readArgs: [...tagArguments], useMWG: false });
        return { ...tags };
      }),
    extract: (tag, source, target) =>
      // Overwriting lets a second try succeed after a crash in the middle of the first.
      run((tool) =>
        tool.extractBinaryTag(tag, source, target, { forceWrite: true, ignoreMinorErrors: true }),
      ),
    async write(source, target, tags) {
      const written = await run(async (tool) => {
        // A target that a crash has left behind would be refused.
        await rm(target, { force: true });
        return tool
          .write(source, literal(tags) as WriteTags, {
            writeArgs: ['-o', target],
            ignoreMinorErrors: true,
            useMWG: false,
          })
          .catch((error: unknown) => fileFault(error, source));
      });
      if (written instanceof UnwritableError) throw written;
      return written.created > 0;
    },
    async close() {
      closed = true;
      const current = await running;
      await current?.tool.end();
    },
  };
}

/** exiftool decodes entities in values; the library encodes everything but the ampersand of what looks like one. */
const literal = (tags: WrittenTags): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tags).map(([tag, value]) => {
      const encoded = (text: unknown) => (typeof text === 'string' ? text.replaceAll('&', '&amp;') : text);
      return [tag, Array.isArray(value) ? value.map(encoded) : encoded(value)];
    }),
  );

/** Returns what exiftool says about the file as an error; rethrows anything else. Its messages about a file end with the path. */
function fileFault(error: unknown, source: string): UnwritableError {
  const message = error instanceof Error ? error.message : '';
  const isAboutFile = message.endsWith(` - ${source}`) && !/^Error (opening|creating|writing)/i.test(message);
  if (!isAboutFile) throw error;
  return new UnwritableError(message.slice(0, -` - ${source}`.length), { cause: error });
}

async function start(options: MetadataToolOptions, onStartError: () => void): Promise<Running> {
  // Loaded late because the module makes objects and timers of its own when it is imported.
  const { ExifTool: Tool, DefaultExiftoolArgs, exiftoolPath } = await import('exiftool-vendored');
  const tool = new Tool({
    maxProcs: 1,
    taskTimeoutMillis: options.taskTimeoutMs,
    taskRetries: 0,
    minDelayBetweenSpawnMillis: 100,
    maxIdleMsPerProcess: 5 * minuteMs,
    maxProcAgeMillis: 60 * minuteMs,
    checkPerl: false,
    processFactory: async () =>
      spawnPerl(options.perl ?? 'perl', [
        await exiftoolPath(),
        ...['-config', configPath],
        ...DefaultExiftoolArgs,
      ]),
  });
  const running: Running = { tool };
  tool.on('startError', (error) => {
    running.startError = error;
    // Queued tasks would wait for ever for a process that cannot start: end() rejects them; the next call starts afresh.
    onStartError();
    tool.end(false).catch(() => undefined);
  });
  return running;
}

/** Ours instead of one in somebody's home, which could redefine what a tag means. The same from src/ and from dist/. */
const configPath = fileURLToPath(new URL('../../../exiftool.config', import.meta.url));

/** The library's own way of starting the process leaves its `error` event unheard at times, which would end this process. */
function spawnPerl(perl: string, args: string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    // In a locale that the system lacks, perl greets with a warning that the library takes for a failed start.
    const child = spawn('/usr/bin/env', ['LC_ALL=C', perl, ...args], { stdio: 'pipe' });
    child.on('spawn', () => resolve(child));
    child.on('error', reject);
  });
}

/** The library does not export its error class; the name is the only mark of it. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TaskTimeoutError';
}
