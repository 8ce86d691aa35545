import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort, http } from '@lazyphotos/testkit';
import { notFound, ProblemError, toProblem } from '../src/index.js';
import { serveApp, type TestApp } from './helpers.js';

describe('problems', () => {
  let app: TestApp | undefined;
  afterEach(() => app?.close());
  const serveThrowing = async (error: unknown) => {
    app = await serveApp(({ router }) => {
      router.get('/things/:id', async () => {
        throw error;
      });
    });
    return app;
  };
  const thrown = async (error: unknown) => http(`${(await serveThrowing(error)).url}/things/7?token=abc`);

  test('are RFC 9457 documents with a code and the request id', async () => {
    const reply = await thrown(
      new ProblemError('upload_incomplete', 'Two chunks are missing.', {
        members: { missing: [1, 2] },
        headers: { 'X-More': 'yes' },
      }),
    );
    expect(reply.status).toBe(409);
    expect(reply.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('x-more')).toBe('yes');
    expect(reply.body).toEqual({
      type: 'urn:lazyphotos:problem:upload_incomplete',
      title: 'Chunks are missing',
      status: 409,
      detail: 'Two chunks are missing.',
      instance: '/things/7',
      code: 'upload_incomplete',
      requestId: reply.headers.get('x-request-id'),
      missing: [1, 2],
    });
    expect(app?.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });

  test('an unexpected error shows nothing and is logged whole', async () => {
    const reply = await thrown(new Error('secret sauce', { cause: new Error('deeper') }));
    expect(reply.status).toBe(500);
    expect(reply.body).toMatchObject({ code: 'internal_error', title: 'Internal error' });
    expect(reply.body.detail).toBe('Internal error.');
    expect(reply.text).not.toContain('sauce');
    const [line] = app?.lines.filter(({ level }) => level === 'error') ?? [];
    expect(line?.fields).toMatchObject({ error: { message: 'secret sauce', cause: { message: 'deeper' } } });
  });

  test.each(['a string', 7, { status: 200, message: 'no error' }])(
    'any thrown value becomes a 500: %p',
    async (error) => {
      expect(await thrown(error)).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    },
  );

  test('an unknown path is a 404 like any other', async () => {
    const { url } = await serveThrowing(notFound('thing'));
    expect(await http(`${url}/nowhere`)).toMatchObject({
      status: 404,
      body: { code: 'not_found', instance: '/nowhere' },
    });
    expect((await http(`${url}/things/7`)).body.detail).toBe('There is no such thing.');
  });

  test('a 401 says which scheme it wants', async () => {
    const reply = await thrown(new ProblemError('unauthenticated'));
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('an error after the response has begun breaks the connection, so that half a response is not taken for the whole', async () => {
    app = await serveApp(({ router }) => {
      router.get('/half', async (_req, res) => {
        res.writeHead(200, { 'content-length': '1000' });
        await new Promise((resolve) => res.write('half of it', resolve));
        throw new Error('the disk is gone');
      });
    });
    await expect(http(`${app.url}/half`)).rejects.toThrow();
  });

  /** Refuses every chunk before reading it. */
  const serveRefusals = () =>
    serveApp(({ router }) => {
      router.put('/chunks', async () => {
        throw new ProblemError('offset_mismatch');
      });
    });

  test('a client that sends its whole body before it reads receives the refusal, and can continue', async () => {
    app = await serveRefusals();
    const socket = connect(app.port, '127.0.0.1');
    const failed: unknown[] = [];
    socket.on('error', (error) => failed.push(error));
    socket.pause();
    const size = 8 * 1024 * 1024;
    socket.write(`PUT /chunks HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    await new Promise((resolve) => socket.write(Buffer.alloc(size), resolve));
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.resume();
    await once(socket, 'close');
    expect(failed).toEqual([]);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 409', 'HTTP/1.1 200']);
  });

  test('a body that is too large to be discarded closes the connection, and is not read as a second request', async () => {
    app = await serveRefusals();
    const socket = connect(app.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    socket.write(
      'PUT /chunks HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nGET /health HTTP/1.1\r\n\r\n',
    );
    await once(socket, 'close');
    expect(received).toMatch(/^HTTP\/1\.1 409 /);
    expect(received.toLowerCase()).toContain('connection: close');
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('what is away or busy is a 503 with Retry-After', () => {
  const unavailable = (error: unknown) => {
    const problem = toProblem(error, []);
    expect(problem.code).toBe('service_unavailable');
    expect(problem.status).toBe(503);
    expect(problem.more.headers?.['Retry-After']).toMatch(/^\d+$/);
    expect(problem.detail).toBeUndefined();
  };

  test('a closed port', async () => {
    const port = await freePort();
    unavailable(await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error));
  });

  test('inside other errors, at any depth', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    unavailable(new Error('outer', { cause: new Error('middle', { cause: refused }) }));
    unavailable(new AggregateError([refused]));
  });

  test('a full disk is its own problem', () => {
    for (const code of ['ENOSPC', 'storage_full']) {
      expect(toProblem(Object.assign(new Error('full'), { code }), [])).toMatchObject({
        code: 'storage_full',
        status: 507,
      });
    }
  });

  test('a dependency translates the errors of its vendor', async () => {
    const vendors = { number: 17 };
    const translateError = (error: unknown) =>
      error === vendors ? Object.assign(new Error('busy'), { code: 'service_unavailable' }) : undefined;
    const app = await serveApp(
      ({ router }) => {
        router.get('/busy', async () => {
          throw vendors;
        });
      },
      { dependencies: { vendor: { ready: async () => undefined, translateError } } },
    );
    const reply = await http(`${app.url}/busy`);
    expect(reply).toMatchObject({ status: 503, body: { code: 'service_unavailable' } });
    expect(reply.headers.get('retry-after')).toMatch(/^\d+$/);
    await app.close();
  });

  test('other faults are not, nor is a loop of causes the end', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    for (const error of [loop, new Error('x'), Object.assign(new Error('x'), { code: '23505' }), undefined]) {
      expect(toProblem(error, []).code).toBe('internal_error');
    }
  });
});
