import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { endpoints, type ServiceName, VERSION } from '@lazyphotos/contracts';
import {
  createMetrics,
  createServiceApp,
  newId,
  type ServiceApp,
  silentLogger,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@lazyphotos/service-kit';
import { guardOf } from '@lazyphotos/service-kit/testing';
import {
  createServiceKeys,
  createTokenIssuer,
  describeWithPostgres,
  http,
  type Listening,
  listen,
} from '@lazyphotos/testkit';
import { type OwnProcess, startOwnProcess } from './own-process.js';

const keys = createServiceKeys();
const issuer = createTokenIssuer({ issuer: TOKEN_ISSUER, audience: TOKEN_AUDIENCE });
const token = issuer.tokenFor(newId());

/** A service as in its own container: it refuses every request without a service token for it. */
async function startService(name: ServiceName, mount: (app: ServiceApp) => void): Promise<Listening> {
  const app = createServiceApp(
    {
      name,
      version: VERSION,
      logger: silentLogger,
      metrics: createMetrics(),
      authenticate: (_req, _res, next) => next(),
      validateAnswers: true,
      peerGuard: guardOf(name, keys),
    },
    {},
  );
  mount(app);
  return listen(app.app);
}

const MB = 1_000_000;
const SIZE = 300 * MB;
/** Far less than the body, and more than what V8 takes its time to collect of the buffers that pass. */
const MAY_GROW = 150 * MB;

function* blocks() {
  for (let sent = 0; sent < SIZE; sent += MB) yield Buffer.alloc(MB, sent / MB);
}
const hash = createHash('sha256');
for (const block of blocks()) hash.update(block);
const SHA256 = hash.digest('hex');

async function sha256Of(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

/** Only there a process tells how much memory it had at most. */
const itOnLinux = process.platform === 'linux' ? it : it.skip;

/** By how much a process grew while `work` was done, at its highest point. */
async function growthOf(pid: number, work: () => Promise<void>): Promise<number> {
  const bytes = async (field: string) => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  };
  // Sets the high-water mark to what is used now (proc_pid_clear_refs(5)).
  await writeFile(`/proc/${pid}/clear_refs`, '5');
  const before = await bytes('VmRSS');
  await work();
  return (await bytes('VmHWM')) - before;
}

describeWithPostgres('the gateway in a process of its own', () => {
  const services: Listening[] = [];
  let gateway: OwnProcess;
  beforeAll(async () => {
    const auth = await startService('auth', ({ mount }) => {
      mount(endpoints.serverStatus, async () => ({ claimed: true, version: VERSION }));
      mount(endpoints.jwks, async () => {
        const { keys } = await issuer.keySet();
        return { keys: keys.map((key) => ({ ...key, kty: 'EC' })) };
      });
    });
    const upload = await startService('upload', ({ router }) => {
      router.put('/upload-sessions/:id/chunks', async (req, res) => {
        res
          .setHeader('x-sha256', await sha256Of(req))
          .status(204)
          .end();
      });
      router.get('/upload-sessions/:id', (_req, res) => {
        Readable.from(blocks()).pipe(res);
      });
    });
    services.push(auth, upload);
    const away = 'http://127.0.0.1:1';
    gateway = await startOwnProcess({
      LAZYPHOTOS_SERVICE_KEY: keys.privateKey('gateway'),
      LAZYPHOTOS_PEER_KEYS: keys.peerKeys,
      LAZYPHOTOS_AUTH_URL: auth.url,
      LAZYPHOTOS_UPLOAD_URL: upload.url,
      LAZYPHOTOS_CATALOG_URL: away,
      LAZYPHOTOS_FEED_URL: away,
      LAZYPHOTOS_MEDIA_WORKER_URL: away,
    });
  });
  afterAll(async () => {
    expect(await gateway.stop()).toBe(0);
    await Promise.all(services.map((service) => service.close()));
  });

  const session = `/upload-sessions/${newId()}`;
  const upload = async (size: number) => {
    const body = new ReadableStream({ pull: pull(blocks(), size) });
    const reply = await http(`${gateway.url}${session}/chunks?offset=0`, { method: 'PUT', token, body });
    expect(reply.status).toBe(204);
    return reply.headers.get('x-sha256');
  };
  const download = async () => {
    const response = await fetch(gateway.url + session, { headers: { authorization: `Bearer ${token}` } });
    if (!response.body) throw new Error('there is no body');
    return sha256Of(response.body);
  };

  it('proves to the services who it is, and needs no such proof from clients', async () => {
    expect(await http(`${gateway.url}/servers/status`)).toMatchObject({
      status: 200,
      body: { claimed: true },
    });
    for (const service of services) {
      expect(await http(`${service.url}/servers/status`)).toMatchObject({
        status: 403,
        body: { code: 'peer_required' },
      });
    }
  });

  it('says which services are away', async () => {
    expect(await http(`${gateway.url}/albums`, { token })).toMatchObject({
      status: 503,
      body: { code: 'service_unavailable' },
    });
    expect(await http(`${gateway.url}/health/ready`)).toMatchObject({
      status: 503,
      body: {
        checks: { auth: 'ok', upload: 'ok', catalog: 'failed', feed: 'failed', 'media-worker': 'failed' },
      },
    });
  });

  itOnLinux('passes 300 MB on in either direction without holding them', async () => {
    await upload(20 * MB);
    const forUpload = await growthOf(gateway.pid, async () => expect(await upload(SIZE)).toBe(SHA256));
    const forDownload = await growthOf(gateway.pid, async () => expect(await download()).toBe(SHA256));
    expect(forUpload).toBeLessThan(MAY_GROW);
    expect(forDownload).toBeLessThan(MAY_GROW);
  });

  it('never logs a service token', () => {
    expect(gateway.output.length).toBeGreaterThan(5);
    expect(gateway.output.join('\n')).not.toMatch(/eyJ/);
  });
});

/** Hands out the first `size` bytes of these blocks, one at a time, as they are asked for. */
const pull = (source: Generator<Buffer>, size: number) => {
  let left = size;
  return (stream: ReadableStreamDefaultController) => {
    const { value } = source.next();
    if (left > 0 && value) stream.enqueue(value);
    else stream.close();
    left -= MB;
  };
};
