import cliProgress from 'cli-progress';
import type { Context } from '../context.js';
import { formatBytes, formatSeconds } from '../format.js';
import { printable } from '../output.js';
import type { Progress, ProgressSnapshot } from './progress.js';

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
