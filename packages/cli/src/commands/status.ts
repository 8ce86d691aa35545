import { photoPages, SessionEndedError } from '@lazyphotos/client';
import type { Photo } from '@lazyphotos/contracts';
import type { Context } from '../context.js';
import { exitCodes } from '../errors.js';
import { count, formatBytes, pick } from '../format.js';

interface PhotoCounts extends Record<Photo['processing'], number> {
  total: number;
  bytes: number;
  /** The first photos that are stored but have no previews. */
  failures: { id: string; fileName: string; reason: string }[];
}

const MAX_FAILURES = 20;

/** Prints the node, the account and the photos. Resolves to exit code 1 if the node is not ready, so that a script can wait for it. */
export async function status(context: Context): Promise<number> {
  const { client, output, server, signal } = context;
  const { claimed, serverId, version } = await client.serverStatus(undefined, { signal });
  const readiness = await client.readiness({ signal });
  const account = claimed ? await accountOf(context) : undefined;
  const photos = account === undefined ? undefined : await countPhotos(context);
  output.line(`Server   ${server}, version ${version}, ${claimed ? 'claimed' : 'not claimed yet'}`);
  output.line(`Ready    ${readiness.ready ? 'yes' : `no (${failedChecks(readiness.checks)})`}`);
  if (isFull(readiness.checks)) output.line('Disk     full: uploads are refused until there is room');
  output.line(`Account  ${account === undefined ? 'not signed in' : `${account.email} (${account.role})`}`);
  if (photos !== undefined) {
    const states = `${photos.ready} ready, ${photos.pending} being processed, ${photos.failed} failed`;
    output.line(`Photos   ${photos.total} (${formatBytes(photos.bytes)}): ${states}`);
    for (const { fileName, reason } of photos.failures) output.line(`         ${fileName}: ${reason}`);
    if (photos.failed > photos.failures.length) output.line('         … and more');
  }
  const node = { url: server, claimed, version, serverId: serverId ?? null, ...readiness };
  output.document({ server: node, account: account ?? null, photos: photos ?? null });
  return readiness.ready ? exitCodes.ok : exitCodes.failed;
}

const isFull = (checks: Record<string, string>): boolean => Object.values(checks).includes('full');

const failedChecks = (checks: Record<string, string>): string => {
  const failed = Object.entries(checks).filter(([, state]) => state !== 'ok' && state !== 'full');
  return failed.length === 0 ? 'no reason given' : failed.map(([name]) => name).join(', ');
};

async function accountOf({ client, signal }: Context) {
  try {
    return pick(await client.me(undefined, { signal }), ['email', 'displayName', 'role']);
  } catch (error) {
    if (error instanceof SessionEndedError) return undefined;
    throw error;
  }
}

async function countPhotos({ client, output, signal }: Context): Promise<PhotoCounts> {
  const counts: PhotoCounts = { total: 0, pending: 0, ready: 0, failed: 0, bytes: 0, failures: [] };
  for await (const page of photoPages(client, { signal })) {
    for (const { id, fileName, processing, processingError, sizeBytes } of page) {
      counts[processing] += 1;
      counts.total += 1;
      counts.bytes += sizeBytes;
      if (processing === 'failed' && counts.failures.length < MAX_FAILURES) {
        const reason = processingError?.reason ?? 'the node could not process it';
        counts.failures.push({ id, fileName, reason });
      }
    }
    if (counts.total >= 10_000 && counts.total % 10_000 < page.length)
      output.note(`${count(counts.total, 'photo')} so far …`);
  }
  return counts;
}
