import cliProgress from 'cli-progress';
import type { Context } from '../context.js';
import { formatBytes, formatSeconds } from '../format.js';
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

/** Shows the progress of a transfer on stderr. Returns a function that ends it. */
export function showProgress({ io, output }: Pick<Context, 'io' | 'output'>, progress: Progress): () => void {
  if (output.mode !== 'human') return () => undefined;
  if (io.stderr.isTTY !== true) {
    const timer = setInterval(() => output.note(progressLine(progress.snapshot())), LINE_MS);
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
  const first = progress.snapshot();
  // A bar of no length would show NaN.
  bar.start(Math.max(1, first.bytesTotal), 0, { text: progressLine(first) });
  const draw = () => {
    const snapshot = progress.snapshot();
    bar.update(Math.min(snapshot.bytesDone, Math.max(1, snapshot.bytesTotal)), {
      text: progressLine(snapshot),
    });
  };
  const timer = setInterval(draw, REDRAW_MS);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}
