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
const mediaUrls = createMediaUrls({ signingKey, baseUrl: '', lifetimeSeconds: 3600 });
const shares = createShareSigning({ signingKey, publicUrl: '', mediaBaseUrl: '', lifetimeSeconds: 900 });
const userId = newId();
const link = { token: shares.tokenOf(new Uint8Array(32)), userId, expiresAt: null, showLocation: false };

/** What a page of a hundred photos takes, with two previews each. */
function countPage(urlOf) {
  for (const name of Object.keys(calls)) calls[name] = 0;
  for (let photo = 0; photo < 100; photo += 1) {
    const photoId = newId();
    for (const variant of ['thumb', 'medium']) urlOf(photoId, variant);
  }
  return { ...calls };
}

const counts = {
  media: countPage((photoId, variant) => mediaUrls.urlFor(userId, photoId, variant)),
  shares: countPage((photoId, variant) => shares.mediaUrl(link, photoId, variant)),
};
process.stdout.write(JSON.stringify(counts));
