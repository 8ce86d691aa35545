import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type PowerCut, watchPowerCut } from '@lazyphotos/testkit';
import { createFileClaimCodeStore, createFileKeyStore } from '../src/index.js';
import { KeyRing } from '../src/keys/key-ring.js';

/** What is synced can be told by /proc. */
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('after a power cut', () => {
  let root: string;
  let restored: string;
  let power: PowerCut;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lazyphotos-auth-'));
    restored = await mkdtemp(join(tmpdir(), 'lazyphotos-auth-'));
    power = await watchPowerCut(root);
  });
  afterEach(async () => {
    power.end();
    for (const folder of [root, restored]) await rm(folder, { recursive: true });
  });

  it('the key that signs tokens is there, in folders that were made for it', async () => {
    const keyRing = new KeyRing(createFileKeyStore(join(root, 'data', 'keys')));
    await keyRing.start();
    await power.restoreInto(restored);
    const again = new KeyRing(createFileKeyStore(join(restored, 'data', 'keys')));
    await again.start();
    expect(await again.keySet()).toEqual(await keyRing.keySet());
    expect(again.signingKey().kid).toBe(keyRing.signingKey().kid);
  });

  it('the claim code is there', async () => {
    await createFileClaimCodeStore(join(root, 'data')).write('1234-5678-9ABC');
    await power.restoreInto(restored);
    expect(await createFileClaimCodeStore(join(restored, 'data')).read()).toBe('1234-5678-9ABC');
  });
});
