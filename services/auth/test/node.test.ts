import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { createFileClaimCodeStore } from '../src/index.js';
import { normalizeCode } from '../src/secrets.js';
import {
  type AuthNode,
  addMember,
  claimNode,
  createFixture,
  type Fixture,
  register,
  startAuth,
  toAccount,
} from './harness.js';

const EMAIL = 'anna@example.org';
const problem = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) });
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

describeWithPostgres('the node', () => {
  let fixture: Fixture;
  let node: AuthNode;
  let codeFile: string;
  beforeEach(async () => {
    fixture = await createFixture();
    node = await startAuth({}, { fixture });
    codeFile = join(fixture.dataDir, 'claim-code.txt');
  });
  afterEach(async () => {
    await node.stop();
    await fixture.remove();
  });

  const claim = (token: string | undefined, ownerEmail: string, code: string | undefined, on = node) =>
    on.call('/servers/claim', { token, json: { ownerEmail, code } });
  const firstAccount = async (email = EMAIL) =>
    toAccount(await register(node, email, await node.service.claimCode()));

  it('shows only that it is unclaimed', async () => {
    const reply = await node.call('/servers/status');
    expect(reply).toMatchObject({ status: 200, body: { claimed: false, version: '1.2.3' } });
    expect(reply.body).not.toHaveProperty('serverId');
    expect(await node.service.api.isClaimed()).toBe(false);
  });

  it('keeps its claim code across restarts, in a file that only its own user can read', async () => {
    const code = (await readFile(codeFile, 'utf8')).trim();
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    expect((await stat(codeFile)).mode & 0o777).toBe(0o600);
    expect(await node.service.claimCode()).toBe(code);
    await node.stop();
    node = await startAuth({}, { fixture });
    expect(await node.service.claimCode()).toBe(code);
  });

  it('logs where the code is, and not the code', async () => {
    const code = (await node.service.claimCode()) ?? '';
    expect(node.logs).toContainEqual(expect.objectContaining({ fields: { claimCodeFile: codeFile } }));
    await claim((await firstAccount()).token, EMAIL, code);
    expect(JSON.stringify(node.logs)).not.toContain(code);
    expect(JSON.stringify(node.logs)).not.toContain(EMAIL);
  });

  it('makes a new code when the file is empty, as after a power cut', async () => {
    await node.stop();
    await writeFile(codeFile, '');
    node = await startAuth({}, { fixture });
    expect(await node.service.claimCode()).toMatch(/^.{14}$/);
  });

  it('is claimed once, which makes an owner and invalidates the code', async () => {
    const account = await firstAccount();
    const code = await node.service.claimCode();
    const reply = await claim(account.token, 'Anna@Example.org', code?.toLowerCase().replaceAll('-', ' '));
    expect(reply).toMatchObject({ status: 200, body: { serverId: expect.any(String) } });
    const status = await node.call('/servers/status');
    expect(status.body).toEqual({ claimed: true, serverId: reply.body.serverId, version: '1.2.3' });
    expect(await node.service.nodeStatus()).toEqual(status.body);
    expect(await node.service.api.isClaimed()).toBe(true);
    expect((await node.call('/auth/me', { token: account.token })).body.role).toBe('owner');
    expect(await node.service.claimCode()).toBeUndefined();
    expect(await exists(codeFile)).toBe(false);
    expect(await claim(account.token, EMAIL, code)).toMatchObject(problem(409, 'already_claimed'));
    expect(await register(node, 'late@example.org', code)).toMatchObject(problem(403, 'invalid_code'));
  });

  it('is not claimed without the code, the e-mail of the account and an account', async () => {
    const account = await firstAccount();
    const code = await node.service.claimCode();
    expect(await claim(account.token, EMAIL, '0000-0000-0000')).toMatchObject(problem(403, 'invalid_code'));
    expect(await claim(account.token, 'bert@example.org', code)).toMatchObject(
      problem(403, 'owner_mismatch'),
    );
    expect(await claim(undefined, EMAIL, code)).toMatchObject(problem(401, 'unauthenticated'));
    expect(await claim(account.token, EMAIL, '')).toMatchObject(problem(400, 'invalid_request'));
    expect(await node.service.api.isClaimed()).toBe(false);
  });

  it('has one owner after concurrent claims through several replicas', async () => {
    const other = await startAuth({}, { fixture });
    const code = await node.service.claimCode();
    const emails = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}@example.org`);
    const accounts = await Promise.all(emails.map(firstAccount));
    const replies = await Promise.all(
      accounts.map(({ token, email }, index) => claim(token, email, code, index % 2 ? node : other)),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
    const { rows } = await node.pool.query("SELECT id FROM users WHERE role = 'owner'");
    const { rows: nodes } = await node.pool.query('SELECT owner_id AS id FROM node');
    expect(rows).toEqual(nodes);
    expect(await other.service.nodeStatus()).toEqual(await node.service.nodeStatus());
    await other.stop();
  });

  it('removes a code that a crash left behind after the claim', async () => {
    const store = createFileClaimCodeStore(fixture.dataDir);
    const crash = () => Promise.reject(new Error('the disk is read-only'));
    await node.stop();
    node = await startAuth({}, { fixture, overrides: { claimCode: { ...store, remove: crash } } });
    await claimNode(node, EMAIL);
    const leftOver = (await readFile(codeFile, 'utf8')).trim();
    expect(await register(node, 'late@example.org', leftOver)).toMatchObject(problem(403, 'invalid_code'));
    await node.stop();
    node = await startAuth({}, { fixture });
    expect(await exists(codeFile)).toBe(false);
    expect(await node.service.api.isClaimed()).toBe(true);
  });

  it('refuses registrations with the claim code after the claim, also concurrent ones', async () => {
    const account = await firstAccount();
    const code = await node.service.claimCode();
    const late = Array.from({ length: 8 }, (_, index) => register(node, `late${index}@example.org`, code));
    const [claimed, ...replies] = await Promise.all([claim(account.token, EMAIL, code), ...late]);
    expect(claimed.status).toBe(200);
    const { rows } = await node.pool.query('SELECT 1 FROM users');
    expect(rows).toHaveLength(1 + replies.filter(({ status }) => status === 201).length);
    for (const reply of replies) expect([201, 403]).toContain(reply.status);
  });

  it('responds to the health check, and shows a new role without a new token', async () => {
    expect((await node.call('/health/ready')).status).toBe(200);
    const owner = await claimNode(node);
    const admin = await addMember(node, owner, 'admin@example.org', 'admin');
    expect((await node.call('/invites', { token: admin.token })).status).toBe(200);
  });
});

describe('codes', () => {
  it.each([
    ['4f9k 01xm', '4F9K01XM'],
    ['4F9K-O1XM', '4F9K01XM'],
    ['4F9K-0lXM', '4F9K01XM'],
    [' 4F9K-0IXM\n', '4F9K01XM'],
  ])('reads %j as %s', (written, meant) => {
    expect(normalizeCode(written)).toBe(meant);
  });
});
