import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { addAccount } from '@lazyphotos/client/testing';
import { cliWithNode, EMAIL, PASSWORD, signedInCli, temporaryFolder } from './helpers.js';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('claim', () => {
  const claim = ['claim', '--email', 'Ada@Example.org', '--name', 'Ada', '--code', 'CLAIM-1234'];

  test('registers, claims, registers the device and keeps the credentials to itself', async () => {
    const { node, run, configDir } = await cliWithNode();
    node.state.claimed = false;
    const { code, stdout } = await run(claim);
    expect(code).toBe(0);
    expect(stdout).toContain(`Next: npx lazyphotos upload <folder> --server ${node.url}`);
    expect(node.state.claimed).toBe(true);
    expect(node.state.accounts.get(EMAIL)?.user.displayName).toBe('Ada');
    expect([...node.state.devices.values()]).toEqual([{ platform: 'cli' }]);
    expect(await modeOf(configDir)).toBe(0o700);
    expect(await modeOf(join(configDir, 'credentials.json'))).toBe(0o600);
    expect(await readFile(join(configDir, 'credentials.json'), 'utf8')).not.toContain(PASSWORD);
  });

  test('after a failure half-way it signs in to the account that is there', async () => {
    const { node, run } = await cliWithNode();
    node.state.claimed = false;
    addAccount(node.state, EMAIL, PASSWORD);
    const result = await run([...claim, '--json']);
    expect(result.json).toMatchObject({ email: EMAIL, server: node.url });
    expect(result.code).toBe(0);
  });

  test('says what is wrong in one line', async () => {
    const { node, run } = await cliWithNode();
    const claimed = await run(claim);
    expect(claimed.code).toBe(1);
    expect(claimed.stderr).toMatch(/^lazyphotos: .*has an owner already.*lazyphotos login.*\n$/);
    node.state.claimed = false;
    const wrong = await run([...claim.slice(0, -1), 'nonsense', '--json']);
    expect(wrong.code).toBe(1);
    expect(wrong.json.error.code).toBe('invalid_code');
    expect(wrong.stderr.trim().split('\n')).toHaveLength(1);
  });

  test('without a terminal it names the option that is missing', async () => {
    const { node, run } = await cliWithNode();
    node.state.claimed = false;
    expect(await run(['claim', '--email', EMAIL])).toMatchObject({
      code: 2,
      stderr: 'lazyphotos: --code is missing\n',
    });
    const noPassword = await run(claim, { env: { LAZYPHOTOS_PASSWORD: '' } });
    expect(noPassword).toMatchObject({ code: 2, stdout: '' });
    expect(noPassword.stderr).toContain('--password-stdin');
  });
});

describe('login and logout', () => {
  test('the password may come from standard input; the device stays the same', async () => {
    const { node, run } = await signedInCli();
    expect((await run(['logout'])).code).toBe(0);
    const options = { input: `${PASSWORD}\n`, env: { LAZYPHOTOS_PASSWORD: '' } };
    const again = await run(['login', '--email', EMAIL, '--password-stdin', '--json'], options);
    expect(again.code).toBe(0);
    expect([...node.state.devices.keys()]).toEqual([again.json.deviceId]);
    node.state.devices.clear();
    expect((await run(['login', '--email', EMAIL])).code).toBe(0);
    expect(node.state.devices.size).toBe(1);
  });

  test('a wrong password is one line and exit code 1', async () => {
    const { node, run } = await cliWithNode();
    addAccount(node.state, EMAIL, 'another');
    const { code, stderr } = await run(['login', '--email', EMAIL]);
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('logout ends the session, and forgets it also when the node is away', async () => {
    const { node, run } = await signedInCli();
    await run(['logout']);
    expect(node.state.endedFamilies.size).toBe(1);
    const { code, stderr } = await run(['upload', await temporaryFolder()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/not signed in to .*run: npx lazyphotos login --server/);
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

describe('status', () => {
  test('shows the node, the account and the photos', async () => {
    const { node, run } = await signedInCli();
    const { code, json } = await run(['status', '--json']);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      server: { url: node.url, claimed: true, ready: true },
      account: { email: EMAIL, role: 'owner' },
      photos: { total: 0, pending: 0, ready: 0, failed: 0 },
    });
    node.state.ready = false;
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
  expect((await run(['--help'])).code).toBe(0);
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
