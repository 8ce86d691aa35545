import cliProgress from 'cli-progress';
import type { Context } from '../context.js';
import { formatBytes, formatSeconds, sum } from '../format.js';
import { printable } from '../output.js';

export interface ProgressSnapshot {
  filesDone: number;
  filesTotal: number;
  bytesDone: number;
  bytesTotal: number;
  bytesPerSecond: number;
  /** Undefined until the speed is known. */
  secondsLeft: number | undefined;
}

/** The speed is the average of this time: long enough to be stable, short enough to show a change. */
const WINDOW_MS = 15_000;

/** The progress of many files. The bytes of a failed attempt do not count. */
export class Progress {
  private readonly inFlight = new Map<unknown, number>();
  private readonly samples: { at: number; bytes: number }[];
  private filesDone = 0;
  private bytesFinished = 0;

  constructor(
    private readonly total: { files: number; bytes: number },
    private readonly now: () => number = () => performance.now(),
  ) {
    this.samples = [{ at: now(), bytes: 0 }];
  }

  /** The transfer of a file has reached `bytes`. */
  move(file: unknown, bytes: number): void {
    this.inFlight.set(file, bytes);
  }

  /** The file is done, transferred or failed. */
  finish(file: unknown, sizeBytes: number): void {
    this.inFlight.delete(file);
    this.filesDone += 1;
    this.bytesFinished += sizeBytes;
  }

  /** The attempt failed; another attempt follows. */
  drop(file: unknown): void {
    this.inFlight.delete(file);
  }

  snapshot(): ProgressSnapshot {
    const bytesDone = sum([...this.inFlight.values()], (bytes) => bytes) + this.bytesFinished;
    const bytesPerSecond = this.speed(bytesDone);
    return {
      filesDone: this.filesDone,
      filesTotal: this.total.files,
      bytesDone,
      bytesTotal: this.total.bytes,
      bytesPerSecond,
      secondsLeft:
        bytesPerSecond > 0 ? Math.max(0, this.total.bytes - bytesDone) / bytesPerSecond : undefined,
    };
  }

  private speed(bytes: number): number {
    const at = this.now();
    this.samples.push({ at, bytes });
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) > WINDOW_MS) this.samples.shift();
    const [first = { at, bytes }] = this.samples;
    return at - first.at < 500 ? 0 : Math.max(0, ((bytes - first.bytes) / (at - first.at)) * 1000);
  }
}

const REDRAW_MS = 200;
/** Without a terminal, a log file needs few lines. */
const LINE_MS = 15_000;

const joined = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');

export const progressLine = (snapshot: ProgressSnapshot): string => {
  const { filesDone, filesTotal, bytesDone, bytesTotal, bytesPerSecond, secondsLeft } = snapshot;
  return joined([
    `${filesDone}/${filesTotal} files`,
    `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`,
    `${formatBytes(bytesPerSecond)}/s`,
    secondsLeft === undefined ? '' : `${formatSeconds(secondsLeft)} left`,
  ]);
};

/** Shows the progress on stderr: a bar on a terminal, otherwise a line every few seconds. Returns a function that removes it. */
export function showBar(
  { io, output }: Pick<Context, 'io' | 'output'>,
  state: () => { done: number; total: number; text: string },
): () => void {
  if (output.mode !== 'human') return () => undefined;
  if (io.stderr.isTTY !== true) {
    const timer = setInterval(() => output.note(state().text), LINE_MS);
    return () => clearInterval(timer);
  }
  const bar = new cliProgress.SingleBar(
    {
      format: '{bar} {percentage}% {text}',
      stream: io.stderr,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    },
    cliProgress.Presets.shades_classic,
  );
  const draw = () => {
    const { done, total, text } = state();
    // A bar of length 0 shows NaN.
    bar.setTotal(Math.max(1, total));
    bar.update(Math.min(done, Math.max(1, total)), { text: printable(text) });
  };
  bar.start(1, 0, { text: '' });
  draw();
  const timer = setInterval(draw, REDRAW_MS);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}

/** Shows the progress of a transfer. Returns a function that removes it. */
export const showProgress = (
  context: Pick<Context, 'io' | 'output'>,
  progress: Progress,
  extra: () => string = () => '',
): (() => void) =>
  showBar(context, () => {
    const snapshot = progress.snapshot();
    const text = joined([progressLine(snapshot), extra()]);
    return { done: snapshot.bytesDone, total: snapshot.bytesTotal, text };
  });
