// Counts what signing URLs takes of node:crypto, for media-urls.test.ts. The exports of built-in modules can be replaced only before
// they are imported, so it is a process of its own.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const calls = { createHmac: 0, createSecretKey: 0, hkdfSync: 0 };
for (const name of Object.keys(calls)) {
  const original = crypto[name];
  crypto[name] = (...args) => {
    calls[name] += 1;
    return original(...args);
  };
}
syncBuiltinESMExports();

const { createMediaUrls, createShareSigning, newId } = await import('../dist/index.js');
const signingKey = 'a signing key for the counts';
// The same hour for all pages.
const now = Date.now();
const mediaUrls = createMediaUrls({ signingKey, baseUrl: '', lifetimeSeconds: 3600, now: () => now });
const shares = createShareSigning({ signingKey, publicUrl: '', mediaBaseUrl: '', lifetimeSeconds: 900 });
const userId = newId();
const link = { token: shares.tokenOf(new Uint8Array(32)), userId, expiresAt: null, showLocation: false };

const newPage = () => Array.from({ length: 100 }, () => newId());

/** Counts what a page of these photos takes, with two previews each. */
function countPage(photoIds, urlOf) {
  for (const name of Object.keys(calls)) calls[name] = 0;
  for (const photoId of photoIds) for (const variant of ['thumb', 'medium']) urlOf(photoId, variant);
  return { ...calls };
}

const page = newPage();
const signMedia = (photoId, variant) => mediaUrls.urlFor(userId, photoId, variant);
const signOnce = (photoId, variant) => mediaUrls.urlForOnce(userId, photoId, variant);
const verify = (photoId, variant) => {
  const { pathname, searchParams } = new URL(signMedia(photoId, variant), 'http://localhost');
  mediaUrls.verify(pathname, searchParams.get('exp'), searchParams.get('sig'));
};
/** Its photos are in no page. */
const forge = (photoId, variant) =>
  mediaUrls.verify(`/media/${userId}/${photoId}/${variant}`, '9999999999', 'A'.repeat(43));

const longList = newPage();
const counts = {
  list: countPage(longList, signOnce),
  listAgain: countPage(longList, signOnce),
  media: countPage(page, signMedia),
  mediaAgain: countPage(page, signMedia),
  verified: countPage(page, verify),
  forged: countPage(page, forge),
  forgedAgain: countPage(page, forge),
  shares: countPage(newPage(), (photoId, variant) => shares.mediaUrl(link, photoId, variant)),
};
process.stdout.write(JSON.stringify(counts));
