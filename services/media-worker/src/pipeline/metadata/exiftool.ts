import type { ChildProcess } from 'node:child_process';
import { access, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ExifTool, WriteTags } from 'exiftool-vendored';
import pLimit, { type LimitFunction } from 'p-limit';
import { type EndReason, type ToolObserver, UNOBSERVED } from '../bounded-process.js';
import { MediaError, ProcessDiedError, ProcessorUnavailableError } from '../errors.js';
import { outputRead, residentBytes, spawnPerl } from './spawn-perl.js';
import type { RawTags } from './tags.js';

/** Tags by exiftool's names, in the order in which they are written; null removes a tag, a list replaces all items. */
export type WrittenTags = Readonly<Record<string, string | number | readonly string[] | null>>;

/** exiftool cannot write the file, because of its format or a fault in it. The message is exiftool's. */
export class UnwritableError extends Error {
  override readonly name = 'UnwritableError';
}

export interface MetadataToolOptions {
  taskTimeoutMs: number;
  /** The interpreter that runs the exiftool of the package; looked up in the PATH. */
  perl?: string;
  /** exiftool's configuration; the one of this package if absent. */
  configPath?: string;
  /** The most address space of a process. Default 384 MiB. */
  maxMemoryBytes?: number;
  /** Where a file is read that takes more than a process may usually have. */
  lane?: LimitFunction;
  observer?: ToolObserver;
}

interface Running {
  tool: ExifTool;
  startError?: Error;
  /** The process that was started last. */
  child?: ChildProcess;
  /** The processes that ended because they got no more memory, or wrote too much. */
  outOfMemory: WeakSet<ChildProcess>;
  /** What was written since the start of the task. */
  outputBytes: number;
}

const MINUTE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;
/** Four times what exiftool takes for all tags of ordinary photos. A crafted file can ask for gigabytes. */
const MAX_MEMORY_BYTES = 384 * MEBIBYTE;
/** Ordinary photos take 90 MB of address space. A file that needs more than this gets a process of its own. */
const USUAL_MEMORY_BYTES = 160 * MEBIBYTE;
/** perl keeps what one large file took, so a process that has grown beyond this is replaced. */
const MAX_KEPT_BYTES = 96 * MEBIBYTE;
/** The wanted tags of a photo are a few kilobytes. This process would have to hold all of them. */
const MAX_OUTPUT_BYTES = MEBIBYTE;
/** Used instead of a file in a home folder, which could change what a tag means. The path is the same from src/ and from dist/. */
const CONFIG_PATH = fileURLToPath(new URL('../../../exiftool.config', import.meta.url));

/**
 * One exiftool process, which starts with the first task and is kept, since a start of perl for each photo would take longer than
 * decoding. The process ends when idle, after errors, after an hour, after 500 tasks and when it has grown, and starts again when needed.
 * A file that takes much memory gets a process of its own, and one that takes even more is `too_large`.
 */
export class MetadataTool {
  readonly #options: Required<MetadataToolOptions>;
  readonly #oneAtATime = pLimit(1);
  #running: Promise<Running> | undefined;
  /** For a file that takes much memory. */
  #large: Promise<Running> | undefined;
  #closed = false;

  constructor(options: MetadataToolOptions) {
    this.#options = {
      perl: 'perl',
      configPath: CONFIG_PATH,
      maxMemoryBytes: MAX_MEMORY_BYTES,
      lane: pLimit(1),
      observer: UNOBSERVED,
      ...options,
    };
  }

  /** Returns the tags that exiftool arguments name. @throws MediaError (timed_out, too_large), ProcessorUnavailableError */
  readTags(path: string, readArgs: readonly string[]): Promise<RawTags> {
    return this.#run(async (tool) => ({
      ...(await tool.readRaw(path, { readArgs: [...readArgs], useMWG: false })),
    }));
  }

  /** Writes the value of a binary tag to a new file. @throws MediaError (timed_out, too_large), ProcessorUnavailableError */
  extract(tag: string, source: string, target: string): Promise<void> {
    // Overwriting lets a second attempt succeed after a crash in the middle of the first.
    return this.#run((tool) =>
      tool.extractBinaryTag(tag, source, target, { forceWrite: true, ignoreMinorErrors: true }),
    );
  }

  /**
   * Writes a copy of a file with other tags to a new file, `target`. Resolves to false if there was nothing to change; then `target` is
   * a plain copy. @throws UnwritableError, MediaError (timed_out, too_large), ProcessorUnavailableError
   */
  async write(source: string, target: string, tags: WrittenTags): Promise<boolean> {
    const written = await this.#run(async (tool) => {
      // exiftool would refuse to overwrite a target that a crash has left behind.
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
  }

  async close(): Promise<void> {
    this.#closed = true;
    const current = await Promise.all([this.#running, this.#large]);
    await Promise.all(current.map((running) => running?.tool.end()));
  }

  /** Runs one task after the other: what ends the process is then the file of the task, and of no other one. */
  #run<T>(task: (tool: ExifTool) => Promise<T>): Promise<T> {
    return this.#oneAtATime(() => this.#attempt(task));
  }

  async #attempt<T>(task: (tool: ExifTool) => Promise<T>, retries = 1): Promise<T> {
    if (this.#closed) throw new ProcessorUnavailableError('The photo processor is closed');
    const maxMemoryBytes = Math.min(USUAL_MEMORY_BYTES, this.#options.maxMemoryBytes);
    this.#running ??= this.#start(maxMemoryBytes, () => {
      this.#running = undefined;
    });
    const current = await this.#running;
    const outcome = await runTask(current, task);
    if ('result' in outcome) {
      replaceIfLarge(current);
      return outcome.result;
    }
    if (outcome.ended === 'memory') return this.#options.lane(() => this.#attemptLarge(task));
    // Something else ended the process, perhaps before it has read this file.
    if (outcome.ended === 'killed' && retries > 0 && !this.#closed) return this.#attempt(task, retries - 1);
    throw this.#errorOf(outcome);
  }

  /** In a new process that may have more memory, which ends after the task. */
  async #attemptLarge<T>(task: (tool: ExifTool) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ProcessorUnavailableError('The photo processor is closed');
    this.#large = this.#start(this.#options.maxMemoryBytes, () => undefined);
    const running = await this.#large;
    try {
      const outcome = await runTask(running, task);
      if ('result' in outcome) return outcome.result;
      throw this.#errorOf(outcome);
    } finally {
      this.#large = undefined;
      await running.tool.end();
    }
  }

  #errorOf({ ended, error }: Failed): Error {
    if (this.#closed || ended === 'not_started') {
      return new ProcessorUnavailableError('exiftool is not available', { cause: error });
    }
    this.#options.observer.ended('exiftool', ended);
    switch (ended) {
      case 'time':
        return new MediaError('timed_out', 'Reading the metadata took too long', { cause: error });
      case 'memory':
        return new MediaError('too_large', 'Reading the metadata took too much memory', { cause: error });
      case 'killed':
        return new ProcessDiedError('exiftool ended while it read the file', { cause: error });
    }
  }

  #start(maxMemoryBytes: number, onStartError: () => void): Promise<Running> {
    return start({ ...this.#options, maxMemoryBytes }, onStartError);
  }
}

interface Failed {
  ended: EndReason | 'not_started';
  error: unknown;
}

/** exiftool reports faults of a file as tags. Any error is one of the process. */
async function runTask<T>(
  running: Running,
  task: (tool: ExifTool) => Promise<T>,
): Promise<{ result: T } | Failed> {
  running.outputBytes = 0;
  try {
    return { result: await task(running.tool) };
  } catch (error) {
    if (isTimeout(error)) return { ended: 'time', error };
    if (running.startError) return { ended: 'not_started', error: running.startError };
    const { child } = running;
    await outputRead(child);
    return { ended: child && running.outOfMemory.has(child) ? 'memory' : 'killed', error };
  }
}

/** The next task gets a new process. */
function replaceIfLarge({ tool, child }: Running): void {
  if (child?.pid === undefined || residentBytes(child.pid) <= MAX_KEPT_BYTES) return;
  tool.closeChildProcesses().catch(() => undefined);
}

/** exiftool decodes entities in values; the library encodes all characters except the ampersand of a text that looks like an entity. */
const literal = (tags: WrittenTags): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tags).map(([tag, value]) => {
      const encoded = (text: unknown) => (typeof text === 'string' ? text.replaceAll('&', '&amp;') : text);
      return [tag, Array.isArray(value) ? value.map(encoded) : encoded(value)];
    }),
  );

/** Returns exiftool's message about the file as an error; rethrows any other error. Messages about a file end with its path. */
function fileFault(error: unknown, source: string): UnwritableError {
  const message = error instanceof Error ? error.message : '';
  const isAboutFile = message.endsWith(` - ${source}`) && !/^Error (opening|creating|writing)/i.test(message);
  if (!isAboutFile) throw error;
  return new UnwritableError(message.slice(0, -` - ${source}`.length), { cause: error });
}

async function start(options: Required<MetadataToolOptions>, onStartError: () => void): Promise<Running> {
  // Imported late because the module creates objects and timers when it is imported.
  const { ExifTool: Tool, DefaultExiftoolArgs, exiftoolPath } = await import('exiftool-vendored');
  const { perl, configPath, maxMemoryBytes, taskTimeoutMs, observer } = options;
  const startPerl = async (): Promise<ChildProcess> => {
    // exiftool would start without it, and find no metadata in any photo.
    await access(configPath);
    observer.started('exiftool');
    running.child = await spawnPerl({
      perl,
      args: [await exiftoolPath(), '-config', configPath, ...DefaultExiftoolArgs],
      maxMemoryBytes,
      onOutOfMemory: (child) => running.outOfMemory.add(child),
      onOutput: (child, bytes) => {
        running.outputBytes += bytes;
        if (running.outputBytes <= MAX_OUTPUT_BYTES) return;
        running.outOfMemory.add(child);
        child.kill('SIGKILL');
      },
    });
    return running.child;
  };
  const tool = new Tool({
    maxProcs: 1,
    maxTasksPerProcess: 500,
    taskTimeoutMillis: taskTimeoutMs,
    taskRetries: 0,
    minDelayBetweenSpawnMillis: 100,
    maxIdleMsPerProcess: 5 * MINUTE_MS,
    maxProcAgeMillis: 60 * MINUTE_MS,
    checkPerl: false,
    processFactory: startPerl,
  });
  const running: Running = { tool, outOfMemory: new WeakSet(), outputBytes: 0 };
  tool.on('startError', (error) => {
    running.startError = error;
    // Queued tasks would wait without end for a process that cannot start. end() rejects them; the next call starts a new process.
    onStartError();
    tool.end(false).catch(() => undefined);
  });
  return running;
}

/** The library does not export its error class, so the name is checked. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TaskTimeoutError';
}
