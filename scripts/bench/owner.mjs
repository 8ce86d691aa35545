// The owner of the measured system, and what a benchmark does as its client.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, createMemoryTokenStore, uploadPhoto } from '../../packages/client/dist/index.js';

const ACCOUNT = { email: 'bench@example.org', password: 'a long password' };

/** Signs up and claims the system. Resolves to the client, the owner's id and a function that resolves to a new access token. */
export async function claimAsOwner({ url, claimCode }) {
  const tokens = createMemoryTokenStore();
  const client = createClient({ baseUrl: url, tokens });
  await client.signUp({ ...ACCOUNT, code: claimCode });
  await client.claimServer({ body: { ownerEmail: ACCOUNT.email, code: claimCode } });
  const accessToken = async () => {
    await client.signIn(ACCOUNT);
    return (await tokens.read()).accessToken;
  };
  // The token from before the claim is not the owner's.
  const { sub: userId } = JSON.parse(
    Buffer.from((await accessToken()).split('.')[1], 'base64url').toString(),
  );
  return { client, userId, accessToken };
}

/** Uploads a file of a benchmark: `{ path, hash, bytes, mimeType? }`. */
export const send = (client, { path, hash, bytes, mimeType = 'image/jpeg' }) =>
  uploadPhoto(client, {
    source: { path },
    sizeBytes: bytes,
    hash,
    mimeType,
    fileName: path.split('/').at(-1),
  });

/**
 * Resolves, when none of the last `count` photos is pending any more, to how many are `ready`, and how many failed for which reason. Most
 * polls ask for the newest photo only, whose turn comes last: a page of all of them would cost as much as a photo.
 */
export async function untilProcessed(client, count) {
  for (let limit = 1; ; ) {
    const { photos } = await client.listPhotos({ query: { limit, sort: 'uploadedAt' } });
    const outcomes = photos.map(({ processing, processingError }) => processingError?.code ?? processing);
    const isPending = outcomes.includes('pending');
    if (!isPending && limit === count) return countEach(outcomes);
    if (isPending) await sleep(250);
    else limit = count;
  }
}

const countEach = (values) =>
  Object.fromEntries(
    [...new Set(values)].map((value) => [value, values.filter((each) => each === value).length]),
  );
