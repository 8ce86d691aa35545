import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { toProblem } from '@lazyphotos/service-kit';
import { freePort } from '@lazyphotos/testkit';
import pg from 'pg';
import { DatabaseError, translateDatabaseError } from '../src/index.js';

const problemOf = (error: unknown) => toProblem(error, [translateDatabaseError]);

describe('a database that is away or busy is a 503 with Retry-After', () => {
  const unavailable = (error: unknown) => {
    const problem = problemOf(error);
    expect(problem.code).toBe('service_unavailable');
    expect(problem.status).toBe(503);
    expect(problem.more.headers?.['Retry-After']).toMatch(/^\d+$/);
    expect(problem.detail).toBeUndefined();
  };
  const fault = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => {
        throw new Error('it was expected to fail');
      },
      (error: unknown) => error,
    );
  /** What `ask` says of a server that does `behave`. */
  const withServer = async <T>(behave: (socket: Socket) => void, ask: (port: number) => Promise<T>) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      behave(socket);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const answer = await ask((server.address() as AddressInfo).port);
    for (const socket of sockets) socket.destroy();
    server.close();
    return answer;
  };
  const query = async (config: pg.PoolConfig, times = 1): Promise<unknown[]> => {
    const pool = new pg.Pool(config);
    const asked = Array.from({ length: times }, () => fault(pool.query('SELECT 1')));
    const errors = await Promise.all(asked);
    await pool.end();
    return errors;
  };
  const SHORT_TIMEOUT = { host: '127.0.0.1', connectionTimeoutMillis: 300 };

  test('a closed port', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost']) unavailable((await query({ host, port }))[0]);
    unavailable(await fault(fetch(`http://127.0.0.1:${port}/`)));
  });

  test('a name that is not known', async () => {
    unavailable((await query({ host: 'no-such-host.invalid' }))[0]);
  });

  test('a server that does not respond', async () => {
    const [error] = await withServer(
      () => undefined,
      (port) => query({ ...SHORT_TIMEOUT, port }),
    );
    unavailable(error);
  });

  test('a server that hangs up', async () => {
    const [error] = await withServer(
      (socket) => socket.destroy(),
      (port) => query({ ...SHORT_TIMEOUT, port }),
    );
    unavailable(error);
  });

  test('a pool that is used up', async () => {
    const errors = await withServer(
      () => undefined,
      (port) => query({ ...SHORT_TIMEOUT, port, max: 1 }, 3),
    );
    for (const error of errors) unavailable(error);
  });

  test('in any wrapper, at any depth', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    unavailable(new Error('outer', { cause: new Error('middle', { cause: refused }) }));
    unavailable(new AggregateError([refused]));
    unavailable({ code: 'P2010', meta: { driverAdapterError: { cause: { kind: 'DatabaseNotReachable' } } } });
    unavailable({ code: 'P2010', meta: { driverAdapterError: { cause: { code: 'EPIPE' } } } });
    unavailable(Object.assign(new Error('shutting down'), { code: '57P01' }));
  });

  test('a client whose connection has ended', async () => {
    const client = new pg.Client({ host: '127.0.0.1', port: await freePort() });
    await fault(client.connect());
    await client.end();
    unavailable(await fault(client.query('SELECT 1')));
  });

  test('a full disk says so, and may have room later', () => {
    expect(problemOf(Object.assign(new Error('full'), { code: '53100' }))).toMatchObject({
      code: 'service_unavailable',
      status: 503,
      detail: expect.stringContaining('disk of the database is full'),
      more: { headers: { 'Retry-After': expect.stringMatching(/^\d+$/) } },
    });
  });

  test('the error itself says which of the two it is, and has the original as its cause', () => {
    const original = Object.assign(new Error('could not extend file'), { code: '53100' });
    const error = translateDatabaseError(original);
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code: 'database_full', cause: original });
    expect(translateDatabaseError({ code: 'P2024' })?.code).toBe('service_unavailable');
    expect(translateDatabaseError({ code: 'P2002' })).toBeUndefined();
  });

  test('other faults are not, nor is a loop of causes the end', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    for (const error of [loop, new Error('x'), Object.assign(new Error('x'), { code: '23505' }), undefined]) {
      expect(problemOf(error).code).toBe('internal_error');
    }
  });
});
