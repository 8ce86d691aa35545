import { type Context, nextCommand } from '../../context.js';
import { CliError, exitCodes, InterruptedError, reportOf } from '../../errors.js';
import { followToEnd, stoppedFollowing } from '../../import/follow.js';
import { type SendResult, sendingError, sentLine } from '../../import/send-archives.js';
import { reportEnd } from '../../import/summary.js';
import { type LocalPath, readablePath } from '../../local-path.js';

/** Names the archives that are not sent because their download was cut off. Returns their paths for --json. */
export function reportCutOff({ output }: Context, cutOff: readonly LocalPath[]): string[] {
  for (const path of cutOff)
    output.error(`${readablePath(path)}: the download was cut off: download it again`);
  return cutOff.map(readablePath);
}

/** The exit code of an import without the archives that were cut off. */
export const unlessCutOff = (exitCode: number, cutOff: readonly LocalPath[]): number =>
  exitCode === exitCodes.ok && cutOff.length > 0 ? exitCodes.failed : exitCode;

/** @throws CliError when only archives were given whose download was cut off */
export function assertSomeWhole(archives: readonly unknown[], cutOff: readonly LocalPath[]): void {
  if (archives.length > 0 || cutOff.length === 0) return;
  throw new CliError('archive_truncated', 'nothing was sent: no archive is complete');
}

export interface FollowOptions {
  /** False with --no-follow. */
  follow: boolean;
}

/** Says what was sent. Returns the exit code if that is all, because not every archive is on the node. */
export function finishSending(
  { output }: Context,
  result: SendResult,
  cutOff: readonly string[],
): number | undefined {
  const error = sendingError(result);
  if (error === undefined) {
    output.line(sentLine(result.sent));
    return undefined;
  }
  output.document({ sent: result.sent, cutOff, import: null });
  if (error instanceof InterruptedError) {
    const { uploaded, existing, left } = result.sent;
    const done = `${uploaded} uploaded, ${existing} there already, ${left} left`;
    output.error(`Interrupted: ${done}. The import has not started; the same command continues.`);
    return error.exitCode;
  }
  output.error(reportOf(error).message);
  return exitCodes.failed;
}

/** Follows an import to its end, unless it is to be left alone. Returns the exit code. */
export async function followOrLeave(
  context: Context,
  id: string,
  { follow }: FollowOptions,
  more: Record<string, unknown> = {},
): Promise<number> {
  const { client, output, signal } = context;
  if (!follow) {
    const job = await client.getImport({ params: { id } }, { signal });
    output.line(`Import ${id} goes on without this command.`);
    output.note(`To follow it: ${nextCommand(context, `import show ${id} --follow`)}`);
    output.document({ ...more, import: job, interrupted: false });
    return exitCodes.ok;
  }
  try {
    const { document, exitCode } = await reportEnd(context, await followToEnd(context, id));
    output.document({ ...more, ...document, interrupted: false });
    return exitCode;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    output.document({ ...more, import: { id }, interrupted: true });
    output.error(stoppedFollowing(context, id));
    return error.exitCode;
  }
}
