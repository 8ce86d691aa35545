import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, createMemoryTokenStore } from '@lazyphotos/client';
import { http, type OwnNode, sharedNode, startOwnNode } from '@lazyphotos/testkit';
import {
  type Cli,
  cliBeside,
  cliWithNode,
  newAccount,
  PASSWORD,
  signedInCli,
  temporaryFolder,
} from './helpers.js';

const EMAIL = 'ada@example.org';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

/** The command beside a node that nobody has claimed, with the arguments that claim it. */
async function withUnclaimedNode(node: OwnNode): Promise<Cli & { claim: string[] }> {
  const claim = ['claim', '--email', 'Ada@Example.org', '--name', 'Ada', '--code', node.claimCode];
  return { ...(await cliBeside(node.url)), claim };
}

/** A client that is signed in to the account that claimed a node. */
async function ownerOf(node: OwnNode) {
  const client = createClient({ baseUrl: node.url, tokens: createMemoryTokenStore() });
  await client.signIn({ email: EMAIL, password: PASSWORD });
  return client;
}

describe('claim', () => {
  let folders: string[];
  let nodes: OwnNode[];

  beforeAll(async () => {
    folders = [
      await mkdtemp(join(tmpdir(), 'lazyphotos-claim-')),
      await mkdtemp(join(tmpdir(), 'lazyphotos-claim-')),
    ];
    nodes = await Promise.all(folders.map(startOwnNode));
  });
  afterAll(async () => {
    for (const node of nodes ?? []) await node.stop();
    for (const folder of folders ?? []) await rm(folder, { recursive: true, force: true });
  });

  const nodeAt = (index: number): OwnNode => {
    const node = nodes[index];
    if (node === undefined) throw new Error('no node');
    return node;
  };

  test('without a terminal it names the option that is missing', async () => {
    const { run, claim } = await withUnclaimedNode(nodeAt(0));
    expect(await run(['claim', '--email', EMAIL])).toMatchObject({
      code: 2,
      stderr: 'lazyphotos: --code is missing\n',
    });
    const noPassword = await run(claim, { env: { LAZYPHOTOS_PASSWORD: '' } });
    expect(noPassword).toMatchObject({ code: 2, stdout: '' });
    expect(noPassword.stderr).toContain('--password-stdin');
  });

  test('says what is wrong in one line', async () => {
    const { run, claim } = await withUnclaimedNode(nodeAt(0));
    const claimed = await (await cliWithNode()).run(claim);
    expect(claimed.code).toBe(1);
    expect(claimed.stderr).toMatch(/^lazyphotos: .*has an owner already.*lazyphotos login.*\n$/);
    const wrong = await run([...claim.slice(0, -1), 'nonsense', '--json']);
    expect(wrong.code).toBe(1);
    expect(wrong.json.error.code).toBe('invalid_code');
    expect(wrong.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('registers, claims, registers the device and keeps the credentials to itself', async () => {
    const { node, run, claim, configDir } = await withUnclaimedNode(nodeAt(0));
    const { code, stdout } = await run(claim);
    expect(code).toBe(0);
    expect(stdout).toContain(`Next: npx lazyphotos upload <folder> --server ${node.url}`);
    const status = await run(['status', '--json'], { env: { LAZYPHOTOS_SERVER: '' } });
    expect(status.json).toMatchObject({ server: { url: node.url }, account: { email: EMAIL } });
    const client = await ownerOf(nodeAt(0));
    expect(await client.serverStatus()).toMatchObject({ claimed: true });
    expect(await client.me()).toMatchObject({ displayName: 'Ada', role: 'owner' });
    expect((await client.listDevices()).devices).toMatchObject([{ platform: 'cli' }]);
    expect(await modeOf(configDir)).toBe(0o700);
    expect(await modeOf(join(configDir, 'credentials.json'))).toBe(0o600);
    expect(await readFile(join(configDir, 'credentials.json'), 'utf8')).not.toContain(PASSWORD);
  });

  test('after a failure half-way it signs in to the account that is there', async () => {
    const { node, run, claim } = await withUnclaimedNode(nodeAt(1));
    node.fail({ on: 'POST /servers/claim', effect: { status: 500, code: 'internal_error' } });
    expect((await run(claim)).code).toBe(1);
    const result = await run([...claim, '--json']);
    expect(result.json).toMatchObject({ email: EMAIL, server: node.url });
    expect(result.code).toBe(0);
    expect(await (await ownerOf(nodeAt(1))).me()).toMatchObject({ role: 'owner' });
  });
});

describe('login and logout', () => {
  test('the password may come from standard input; the device stays the same', async () => {
    const { run, client, email } = await signedInCli();
    const devices = async () => (await client.listDevices()).devices.map(({ id }) => id);
    expect((await run(['logout'])).code).toBe(0);
    const options = { input: `${PASSWORD}\n`, env: { LAZYPHOTOS_PASSWORD: '' } };
    const again = await run(['login', '--email', email, '--password-stdin', '--json'], options);
    expect(again.code).toBe(0);
    expect(await devices()).toEqual([again.json.deviceId]);
    await client.removeDevice({ params: { id: again.json.deviceId } });
    expect((await run(['login', '--email', email])).code).toBe(0);
    expect(await devices()).toHaveLength(1);
    expect(await devices()).not.toContain(again.json.deviceId);
  });

  test('a wrong password is one line and exit code 1', async () => {
    const { run } = await cliWithNode();
    const { email } = await newAccount();
    const env = { LAZYPHOTOS_PASSWORD: 'another one' };
    const { code, stderr } = await run(['login', '--email', email], { env });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('logout ends the session, and forgets it also when the node is away', async () => {
    const { run, configDir } = await signedInCli();
    const credentials = await readFile(join(configDir, 'credentials.json'), 'utf8');
    const refreshToken = /"refreshToken": ?"([^"]+)"/.exec(credentials)?.[1];
    await run(['logout']);
    const refresh = await http(`${sharedNode().url}/auth/refresh`, { json: { refreshToken } });
    expect(refresh).toMatchObject({ status: 401, body: { code: 'invalid_refresh_token' } });
    const { code, stderr } = await run(['upload', await temporaryFolder()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not signed in to .*run: npx lazyphotos login --server/);
    const away = await signedInCli();
    await away.node.close();
    expect(await away.run(['logout'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('expires later'),
    });
    expect(await readFile(join(away.configDir, 'credentials.json'), 'utf8')).not.toContain('refreshToken');
  });

  test('credentials that others could read are tightened; damaged ones are explained', async () => {
    const { run, configDir } = await signedInCli();
    const path = join(configDir, 'credentials.json');
    await chmod(path, 0o644);
    await chmod(configDir, 0o755);
    expect((await run(['status'])).code).toBe(0);
    expect(await modeOf(path)).toBe(0o600);
    await writeFile(path, '{');
    const { code, stderr } = await run(['status']);
    expect(code).toBe(1);
    expect(stderr).toContain('damaged');
  });
});

describe('the node without --server and LAZYPHOTOS_SERVER', () => {
  const NO_SERVER = { env: { LAZYPHOTOS_SERVER: '' } };

  test('is the one that was signed in to last and not signed out of', async () => {
    const { run, node: first } = await cliWithNode();
    const { node: second } = await cliWithNode();
    const { email } = await newAccount();
    const signIn = (...server: string[]) => run(['login', '--email', email, ...server], NO_SERVER);
    const used = async () => (await run(['status', '--json'], NO_SERVER)).json.server.url;
    await signIn('--server', first.url);
    expect(await used()).toBe(first.url);
    await signIn('--server', second.url);
    expect(await used()).toBe(second.url);
    expect((await run(['status', '--json', '--server', first.url], NO_SERVER)).json.server.url).toBe(
      first.url,
    );
    expect((await run(['status', '--json'])).json.server.url).toBe(first.url);
    await signIn('--server', first.url);
    expect(await used()).toBe(first.url);
    await run(['logout'], NO_SERVER);
    expect(await used()).toBe(second.url);
    await signIn();
    await run(['logout'], NO_SERVER);
    const { stderr } = await run(['upload', await temporaryFolder()], NO_SERVER);
    expect(stderr).toContain('not signed in to http://localhost:8080; run: npx lazyphotos login\n');
    const given = await run(['tag', 'x', '--add', 'y', '--server', 'http://localhost:8080'], NO_SERVER);
    expect(given.stderr).toContain('npx lazyphotos login --server http://localhost:8080\n');
  });
});

describe('status', () => {
  test('shows the node, the account and the photos', async () => {
    const { node, run, email } = await signedInCli();
    const { code, json } = await run(['status', '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      server: { url: node.url, claimed: true, ready: true },
      account: { email, role: 'member' },
      photos: { total: 0, pending: 0, ready: 0, failed: 0 },
    });
    const edit = (body: object) => ({ ...body, status: 'not_ready', checks: { database: 'failed' } });
    node.fail({ on: 'GET /health/ready', effect: { edit, asStatus: 503 } });
    const notReady = await run(['status']);
    expect(notReady.code).toBe(1);
    expect(notReady.stdout).toContain('no (database)');
  });

  test('works without an account', async () => {
    const { run } = await cliWithNode();
    const { code, json } = await run(['status', '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({ account: null, photos: null });
  });

  test('a node that is not there is one line', async () => {
    const { node, run } = await cliWithNode();
    await node.close();
    const { code, stderr } = await run(['status']);
    expect(code).toBe(1);
    expect(stderr).toBe(`lazyphotos: cannot reach ${node.url} (ECONNREFUSED)\n`);
  });
});

test('usage errors are exit code 2, help is 0', async () => {
  const { run } = await cliWithNode();
  expect((await run(['upload'])).code).toBe(2);
  expect((await run(['upload', '/nowhere'])).code).toBe(2);
  expect((await run(['frobnicate'])).code).toBe(2);
  expect((await run(['upload', '.', '--concurrency', '0'])).code).toBe(2);
  expect((await run(['status', '--server', 'nonsense'])).code).toBe(2);
  const help = await run(['--help']);
  expect(help.code).toBe(0);
  expect(help.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'LAZYPHOTOS_SERVER; default: the node that you signed in to last, or else http://localhost:8080',
  );
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
