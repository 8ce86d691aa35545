import cliProgress from 'cli-progress';
import type { Context } from '../context.js';
import { formatBytes, formatSeconds } from '../format.js';
import { printable } from '../output.js';

/** How a transfer of many files stands. Bytes count for the file that they belong to: those of a failed attempt are taken back. */
export interface Progress {
  begin(file: unknown): void;
  /** The file is `bytes` far. */
  move(file: unknown, bytes: number): void;
  /** The file is done, transferred or failed. */
  finish(file: unknown, sizeBytes: number): void;
  /** The attempt failed; the file will be tried again. */
  drop(file: unknown): void;
  snapshot(): ProgressSnapshot;
}

export interface ProgressSnapshot {
  filesDone: number;
  filesTotal: number;
  bytesDone: number;
  bytesTotal: number;
  bytesPerSecond: number;
  /** Undefined while there is nothing to judge by. */
  secondsLeft: number | undefined;
}

/** Speed is that of the last quarter of a minute: long enough to be calm, short enough to notice a change. */
const WINDOW_MS = 15_000;

export function createProgress(
  total: { files: number; bytes: number },
  now: () => number = () => performance.now(),
): Progress {
  const onTheWay = new Map<unknown, number>();
  const samples: { at: number; bytes: number }[] = [{ at: now(), bytes: 0 }];
  let filesDone = 0;
  let bytesFinished = 0;

  const bytesDone = () => [...onTheWay.values()].reduce((sum, bytes) => sum + bytes, bytesFinished);
  const speed = (): number => {
    const at = now();
    const bytes = bytesDone();
    samples.push({ at, bytes });
    while (samples.length > 2 && at - (samples[1]?.at ?? at) > WINDOW_MS) samples.shift();
    const [first = { at, bytes }] = samples;
    return at - first.at < 500 ? 0 : Math.max(0, ((bytes - first.bytes) / (at - first.at)) * 1000);
  };

  return {
    begin: (file) => void onTheWay.set(file, 0),
    move: (file, bytes) => void onTheWay.set(file, bytes),
    drop: (file) => void onTheWay.delete(file),
    finish: (file, sizeBytes) => {
      onTheWay.delete(file);
      filesDone += 1;
      bytesFinished += sizeBytes;
    },
    snapshot: () => {
      const bytesPerSecond = speed();
      const done = bytesDone();
      const left = Math.max(0, total.bytes - done);
      return {
        filesDone,
        filesTotal: total.files,
        bytesDone: done,
        bytesTotal: total.bytes,
        bytesPerSecond,
        secondsLeft: bytesPerSecond > 0 ? left / bytesPerSecond : undefined,
      };
    },
  };
}

const REDRAW_MS = 200;
/** Where there is no terminal, in a log file say, a line now and then is enough. */
const LINE_MS = 15_000;

const files = ({ filesDone, filesTotal }: ProgressSnapshot) => `${filesDone}/${filesTotal} files`;
const bytes = ({ bytesDone, bytesTotal }: ProgressSnapshot) =>
  `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`;
const speed = ({ bytesPerSecond }: ProgressSnapshot) => `${formatBytes(bytesPerSecond)}/s`;
const left = ({ secondsLeft }: ProgressSnapshot) =>
  secondsLeft === undefined ? '' : `${formatSeconds(secondsLeft)} left`;

export const progressLine = (snapshot: ProgressSnapshot): string =>
  [files, bytes, speed, left]
    .map((part) => part(snapshot))
    .filter((part) => part !== '')
    .join(', ');

/** What a bar shows at a moment. */
export interface BarState {
  done: number;
  total: number;
  text: string;
}

/** Shows on stderr how far something is, as a bar on a terminal and as a line now and then elsewhere. Returns a function that ends it. */
export function showBar({ io, output }: Pick<Context, 'io' | 'output'>, state: () => BarState): () => void {
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
    // A bar of no length would show NaN.
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

/** Shows the progress of a transfer. Returns a function that ends it. `extra` is more text to show, empty for none. */
export const showProgress = (
  context: Pick<Context, 'io' | 'output'>,
  progress: Progress,
  extra: () => string = () => '',
): (() => void) =>
  showBar(context, () => {
    const snapshot = progress.snapshot();
    const text = [progressLine(snapshot), extra()].filter((part) => part !== '').join(', ');
    return { done: snapshot.bytesDone, total: snapshot.bytesTotal, text };
  });
