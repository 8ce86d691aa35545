import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  debianTool,
  describeWithPostgres,
  describeWithTools,
  eventually,
  freePort,
  http,
} from '@lazyphotos/testkit';
import { type Gateway, startGateway } from './harness.js';
import { storePicture } from './pictures.js';
import { createShared, type Shared } from './shared.js';

const CONFIG = new URL('../../../deploy/edge/nginx.conf', import.meta.url);
interface Edge {
  url: string;
  accessLog(): Promise<string>;
  errorLog(): Promise<string>;
  stop(): Promise<void>;
}

/** The documented configuration, with nothing changed but where nginx listens and where the gateway is. */
async function startNginx(gateway: { port: number }): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-edge-'));
  const port = await freePort();
  const text = (await readFile(CONFIG, 'utf8'))
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('server gateway:8080;', `server 127.0.0.1:${gateway.port};`)
    .replace('worker_processes auto;', 'worker_processes 1;\nuser root;');
  const config = join(folder, 'nginx.conf');
  await writeFile(config, process.getuid?.() === 0 ? text : text.replace('user root;\n', ''));
  const args = ['-p', folder, '-c', config, '-e', join(folder, 'start.log'), '-g', 'daemon off;'];
  const nginx: ChildProcess = spawn(await debianTool('nginx'), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(nginx, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => expect((await http(`${url}/health`)).status).toBe(200));
  return {
    url,
    accessLog: () => readFile(join(folder, 'access.log'), 'utf8'),
    errorLog: () => readFile(join(folder, 'error.log'), 'utf8'),
    stop: async () => {
      nginx.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A gateway, and nginx in front of it. */
async function startBoth(shareMediaSeconds: number) {
  const shared = createShared();
  const gateway = await startGateway({ shares: shared.shares, copies: shared.copies, shareMediaSeconds });
  shared.use(gateway);
  const edge = await startNginx(gateway);
  const stop = async () => {
    await edge.stop();
    await gateway.stop();
  };
  return { shared, gateway, edge, stop };
}

describeWithPostgres('a cache in front of the gateway', () => {
  describeWithTools(['nginx'], 'nginx', nginxSuite);
});

function nginxSuite(): void {
  let gateway: Gateway;
  let shared: Shared;
  let edge: Edge;
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    // Long enough for nothing to expire under a test.
    ({ shared, gateway, edge, stop } = await startBoth(86_400));
  });
  afterAll(() => stop?.());

  const cacheOf = ({ headers }: { headers: Headers }) => headers.get('x-cache-status');
  const content = (token: string, unlockToken?: string, of = shared) =>
    of.shares.view({ token, unlockToken, cursor: undefined, limit: 3, counted: true });
  const requestsTo = (path: string) =>
    gateway.logs.filter(
      ({ message, fields }) => message === 'request' && String(fields?.path).startsWith(path),
    ).length;

  it('fetches a picture once for all visitors, whole and in parts, and serves it to all of them', async () => {
    await shared.addPhoto();
    const { photos } = await content(shared.share({ showLocation: true }));
    const url = String(photos[0]?.originalUrl);
    const before = requestsTo('/s/');
    const replies = await Promise.all(Array.from({ length: 20 }, () => http(edge.url + url)));
    for (const reply of replies) {
      expect(reply.status).toBe(200);
      expect(reply.bytes.equals(shared.photos[0]?.bytes as Buffer)).toBe(true);
      expect(reply.headers.get('cache-control')).toMatch(/^public, max-age=\d+, immutable$/);
    }
    const part = await http(edge.url + url, { headers: { range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    const head = await http(edge.url + url, { method: 'HEAD' });
    const noted = await http(edge.url + url, {
      headers: { 'if-none-match': String(replies[0]?.headers.get('etag')) },
    });
    expect(noted.status).toBe(304);
    const statuses = [...replies, part, head, noted].map(cacheOf);
    expect(statuses.filter((status) => status === 'MISS')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'HIT')).toHaveLength(22);
    expect(requestsTo('/s/') - before).toBe(1);
  });

  it('refuses the pictures of a revoked link once their time is over, and not the gateway alone', async () => {
    const brief = await startBoth(2);
    try {
      await brief.shared.addPhoto();
      const token = brief.shared.share();
      const urlNow = async () => {
        const { photos } = await content(token, undefined, brief.shared);
        return brief.edge.url + String(photos[0]?.thumbnails.thumb);
      };
      // A URL may end on its way on a busy machine: the next one is then asked for.
      const url = await eventually(async () => {
        const current = await urlNow();
        expect((await http(current)).status).toBe(200);
        return current;
      });
      brief.shared.revoke(token);
      await eventually(async () => {
        const reply = await http(url);
        expect(reply).toMatchObject({ status: 403, body: { code: 'invalid_signature' } });
        expect(cacheOf(reply)).not.toBe('HIT');
      });
      expect((await http(url)).headers.get('cache-control')).toBe('no-store');
    } finally {
      await brief.stop();
    }
  });

  it('keeps nothing that is private: pictures behind a password, signed media, JSON', async () => {
    await shared.addPhoto();
    const token = shared.share({ password: 'secret' });
    const unlock = (await shared.shares.unlock(token, 'secret')).token;
    const { photos } = await content(token, unlock);
    const url = edge.url + String(photos[0]?.thumbnails.thumb);
    const headers = { 'x-share-token': unlock };
    for (let n = 0; n < 3; n += 1) {
      const reply = await http(url, { headers });
      expect(reply.status).toBe(200);
      expect(cacheOf(reply)).toBe('MISS');
      expect((await http(url)).status).toBe(401);
    }
    const picture = await storePicture(gateway);
    for (let n = 0; n < 2; n += 1) {
      const reply = await http(edge.url + picture.url);
      expect(reply.status).toBe(200);
      expect(reply.headers.get('cache-control')).toMatch(/^private/);
      expect(cacheOf(reply)).toBeNull();
    }
    const before = gateway.services.catalog.seen.length;
    for (let n = 0; n < 2; n += 1) await http(`${edge.url}/share-links/${token}/content`);
    expect(gateway.services.catalog.seen.length - before).toBe(2);
  });

  describe('its logs', () => {
    it('hold no token, no handle and no signature, also when the gateway is away', async () => {
      await shared.addPhoto();
      const token = shared.share();
      const { photos } = await content(token);
      const url = String(photos[0]?.thumbnails.thumb);
      const handle = String(url.split('/').at(-1));
      const picture = await storePicture(gateway);
      const paths = [
        url,
        `${url}?token=${token}`,
        `//s/${token}/media/${handle}`,
        `/S/${token}/archive`,
        `/%73/${token}/archive`,
        `/share-links/${token}/content`,
        picture.url,
      ];
      for (const path of paths) await http(edge.url + path);
      await gateway.stop();
      for (const path of paths) expect((await http(edge.url + path)).status).toBeGreaterThanOrEqual(200);
      await eventually(async () => {
        const lines = (await edge.accessLog()).split('\n');
        expect(lines.filter((line) => line.includes('/s/***')).length).toBeGreaterThanOrEqual(8);
      });
      const logged = (await edge.accessLog()) + (await edge.errorLog());
      const signature = new URL(picture.url, edge.url).searchParams.get('sig') as string;
      for (const secret of [token, handle, signature]) expect(logged).not.toContain(secret);
      // The test itself holds.
      expect(logged).toContain('"/health"');
    });
  });
}
