import { describe, expect, test } from '@jest/globals';
import { createClient, SessionEndedError } from '../src/index.js';
import { quickRetries, type SignedIn, signedIn } from './helpers.js';

/** A refresh token that was used twice would have ended the session. */
async function expectSessionAlive({ node, client }: SignedIn): Promise<void> {
  node.expireAccessTokens();
  await client.me();
  expect(node.count('POST /auth/refresh')).toBe(2);
}

describe('the session', () => {
  test('many calls that find their token expired cause one refresh', async () => {
    const session = await signedIn();
    const { node, client } = session;
    node.expireAccessTokens();
    const responses = await Promise.all(Array.from({ length: 30 }, () => client.me()));
    expect(responses).toHaveLength(30);
    expect(node.count('POST /auth/refresh')).toBe(1);
    await expectSessionAlive(session);
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
    const session = await signedIn();
    const { node, client, tokens } = session;
    const other = createClient({ baseUrl: node.url, tokens, retry: quickRetries });
    node.expireAccessTokens();
    await other.me();
    await client.me();
    expect(node.count('POST /auth/refresh')).toBe(1);
    await expectSessionAlive(session);
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
    const { node, client, direct, tokens } = await signedIn();
    node.expireAccessTokens();
    await direct.logout({ body: { refreshToken: (await tokens.read())?.refreshToken ?? '' } });
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

  test('a refresh whose response was lost ends the session, and the caller is told to sign in', async () => {
    const { node, client } = await signedIn();
    node.expireAccessTokens();
    node.fail({ on: 'POST /auth/refresh', effect: { loseResponse: true } });
    await expect(client.me()).rejects.toThrow(SessionEndedError);
    await expect(client.me()).rejects.toThrow(SessionEndedError);
  });

  test('signing out forgets the tokens even when the node is away', async () => {
    const { node, client, tokens } = await signedIn();
    await node.close();
    await expect(client.signOut()).resolves.toEqual({ endedOnServer: false });
    await expect(tokens.read()).resolves.toBeUndefined();
    await expect(client.me()).rejects.toThrow('not signed in');
  });
});
