import { describe, expect, test } from '@jest/globals';
import { createClient, SessionEndedError } from '../src/index.js';
import { quickRetries, signedIn } from './helpers.js';

describe('the session', () => {
  test('many calls that find their token expired cause one refresh', async () => {
    const { node, client } = await signedIn();
    node.expireAccessTokens();
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.me()));
    expect(answers).toHaveLength(30);
    expect(node.count('POST /auth/refresh')).toBe(1);
    expect(node.state.endedFamilies.size).toBe(0);
  });

  test('a call whose 401 arrives after the refresh uses the new token', async () => {
    const { node, client } = await signedIn();
    node.expireAccessTokens();
    const refreshed = client.me();
    node.fail({ on: 'GET /photos', effect: { until: refreshed } });
    await Promise.all([client.listPhotos(), refreshed]);
    expect(node.count('POST /auth/refresh')).toBe(1);
  });

  test('tokens that another process rotated are taken over', async () => {
    const { node, client, tokens } = await signedIn();
    const other = createClient({ baseUrl: node.url, tokens, retry: quickRetries });
    node.expireAccessTokens();
    await other.me();
    await client.me();
    expect(node.count('POST /auth/refresh')).toBe(1);
    expect(node.state.endedFamilies.size).toBe(0);
  });

  test('a token about to end is renewed before it is used', async () => {
    const { node, client, tokens } = await signedIn();
    const stored = await tokens.read();
    if (stored === undefined) throw new Error('no tokens');
    const late = createClient({
      baseUrl: node.url,
      tokens: { ...tokens, read: async () => ({ ...stored, expiresAt: Date.now() + 1000 }) },
    });
    await late.me();
    expect(node.count('POST /auth/refresh')).toBe(1);
    expect(node.count('GET /auth/me')).toBe(1);
    await client.signOut();
  });

  test('an ended session asks for a new sign-in, and is not refreshed again blindly', async () => {
    const { node, client } = await signedIn();
    node.expireAccessTokens();
    for (const token of node.state.refreshTokens.values()) node.state.endedFamilies.add(token.family);
    await expect(client.me()).rejects.toThrow(SessionEndedError);
    expect(node.count('POST /auth/refresh')).toBe(1);
  });

  test('a refresh that may have been acted upon is not repeated', async () => {
    const { node, client } = await signedIn();
    node.expireAccessTokens();
    node.fail({ on: 'POST /auth/refresh', effect: { cutAfterBytes: 1 }, times: 9 });
    // The call itself is a GET and may be repeated as a whole, but each time asks for one refresh only.
    await expect(client.me()).rejects.toThrow(/lost the connection/);
    expect(node.count('POST /auth/refresh')).toBeLessThanOrEqual(quickRetries.retries + 1);
  });

  test('signing out forgets the tokens even when the node is away', async () => {
    const { node, client, tokens } = await signedIn();
    await node.close();
    await expect(client.signOut()).resolves.toEqual({ endedOnServer: false });
    await expect(tokens.read()).resolves.toBeUndefined();
    await expect(client.me()).rejects.toThrow('not signed in');
  });
});
