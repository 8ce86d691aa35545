import { followImport } from '@lazyphotos/client';
import type { ImportJob } from '@lazyphotos/contracts';
import { type Context, nextCommand } from '../context.js';
import { count, formatBytes, formatSeconds } from '../format.js';
import { showBar } from '../transfer/progress-view.js';

const POLL_MS = 1000;

/** How far an import is, in one line. */
export function jobLine(job: ImportJob): string {
  if (job.paused !== undefined) return `${doneLine(job)}, paused: ${job.paused.message}`;
  const unlisted = job.parts.filter(({ state }) => state === 'waiting').length;
  if (job.status === 'pending') return 'waiting for its turn';
  if (job.total === 0 || unlisted > 0)
    return `reading the contents of ${count(unlisted || job.parts.length, 'archive')}`;
  const rate = job.bytesPerSecond === null ? [] : [`${formatBytes(job.bytesPerSecond)}/s`];
  const left = job.secondsLeft === null ? [] : [`${formatSeconds(job.secondsLeft)} left`];
  return [doneLine(job), ...rate, ...left].join(', ');
}

const doneLine = ({ processed, total, bytesProcessed, bytesTotal }: ImportJob): string =>
  `${processed}/${total} files, ${formatBytes(bytesProcessed)} of ${formatBytes(bytesTotal)}`;

/**
 * Shows how far an import is until it has ended. Resolves to its last state.
 *
 * @throws InterruptedError after Ctrl-C; the import goes on.
 */
export async function followToEnd(context: Context, id: string): Promise<ImportJob> {
  const { client, io, output, signal } = context;
  let latest: ImportJob | undefined;
  let isAway = false;
  const hide = showBar(context, () => ({
    done: latest?.bytesProcessed ?? 0,
    total: latest?.bytesTotal ?? 0,
    text: isAway ? 'no connection to the node, trying again' : latest === undefined ? '' : jobLine(latest),
  }));
  const note = (text: string): void => void (io.stderr.isTTY !== true && output.note(text));
  const onTrouble = () => {
    if (!isAway) note('No connection to the node, trying again.');
    isAway = true;
  };
  try {
    let reason: string | undefined;
    for await (const job of followImport(client, id, { signal, pollMs: POLL_MS, onTrouble })) {
      latest = job;
      isAway = false;
      if (job.paused !== undefined && job.paused.reason !== reason) note(`Paused: ${job.paused.message}`);
      if (job.paused === undefined && reason !== undefined) note('Going on.');
      reason = job.paused?.reason;
    }
  } finally {
    hide();
  }
  if (latest === undefined) throw new Error('the import was never seen');
  return latest;
}

/** The lines after Ctrl-C. */
export const stoppedFollowing = (context: Context, id: string): string =>
  `Stopped following; import ${id} goes on. To follow it: ${nextCommand(context, `import show ${id} --follow`)}; ` +
  `to end it: ${nextCommand(context, `import cancel ${id}`)}`;
