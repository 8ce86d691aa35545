import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createServiceKeys } from '@lazyphotos/testkit';
import { readServiceIdentity, SettingsError } from '../src/index.js';
import { identityOf } from '../src/testing.js';
import { without } from './identities.js';

const keys = createServiceKeys();

/** What the start says about these keys of the catalog. */
function problemsOf(serviceKey: string, peerKeys: ReadonlyMap<string, string>): readonly string[] {
  try {
    readServiceIdentity('catalog', { serviceKey, peerKeys: peerKeys as never });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

const peers = new Map(keys.peerKeys.split(',').map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
const own = keys.privateKey('catalog');
const foreign = (curve: string) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
};

describe('the keys of a service', () => {
  test('are read, its own and those of all peers', () => {
    expect(problemsOf(own, peers)).toEqual([]);
    expect([...identityOf('catalog', keys).peerKeys.keys()].sort()).toEqual([...peers.keys()].sort());
  });

  test('may leave out a peer', () => {
    expect(identityOf('catalog', without('feed', keys)).peerKeys.has('feed')).toBe(false);
  });

  test.each<[string, string]>([
    ['no key', Buffer.from('no key').toString('base64')],
    ['a key of another curve', foreign('P-384')],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs8', format: 'der' })
        .toString('base64'),
    ],
    ['a public key', peers.get('catalog') ?? ''],
  ])('%s as its own is told in one line, which does not show it', (_title, key) => {
    const problems = problemsOf(key, peers);
    expect(problems).toEqual([
      'LAZYPHOTOS_SERVICE_KEY is malformed: it is not a P-256 private key (PKCS #8)',
    ]);
  });

  test('that do not belong together are refused by name', () => {
    const line = 'LAZYPHOTOS_SERVICE_KEY does not belong to the key of catalog in LAZYPHOTOS_PEER_KEYS';
    expect(problemsOf(foreign('P-256'), peers)).toEqual([line]);
    expect(problemsOf(keys.privateKey('upload'), peers)).toEqual([line]);
  });

  test('that no peer could know are refused', () => {
    const others = new Map([...peers].filter(([name]) => name !== 'catalog'));
    expect(problemsOf(own, others)).toEqual(['LAZYPHOTOS_PEER_KEYS has no key of catalog itself']);
  });

  test('of peers that are malformed are refused, all at once', () => {
    const broken = new Map([...peers, ['feed', 'AAAA'], ['auth', own]] as [string, string][]);
    expect(problemsOf(own, broken)).toEqual([
      'LAZYPHOTOS_PEER_KEYS is malformed: the key of auth is not a P-256 public key (SPKI)',
      'LAZYPHOTOS_PEER_KEYS is malformed: the key of feed is not a P-256 public key (SPKI)',
    ]);
  });
});
