import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { eventually, http } from '@lazyphotos/testkit';
import { createHttpServer, listen } from '../src/index.js';

const HOST = '127.0.0.1';

describe('the HTTP server', () => {
  test('close waits for a running request, accepts no new one, and does not wait for idle connections', async () => {
    let release: () => void = () => undefined;
    let running = 0;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await listen(
      createHttpServer(async (req, res) => {
        running += 1;
        if (req.url === '/slow') await gate;
        res.end('done');
      }),
      0,
      HOST,
    );
    const url = `http://${HOST}:${server.port}`;
    const idle = connect(server.port, HOST);
    await once(idle, 'connect');
    await http(`${url}/quick`);
    const slow = http(`${url}/slow`);
    await eventually(() => expect(running).toBe(2));
    // Only what it must not wait for would keep it for an hour.
    const closed = server.close(3_600_000);
    await eventually(async () => expect(http(`${url}/late`)).rejects.toThrow());
    release();
    expect((await slow).text).toBe('done');
    await closed;
    idle.destroy();
  });

  test('while it drains it accepts requests, and closes each connection after its response', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let running = 0;
    const server = await listen(
      createHttpServer(async (req, res) => {
        running += 1;
        if (req.url === '/slow') await gate;
        res.end('done');
      }),
      0,
      HOST,
    );
    const url = `http://${HOST}:${server.port}`;
    const before = await http(`${url}/quick`);
    expect(before.headers.get('connection')).toBe('keep-alive');
    const slow = http(`${url}/slow`);
    await eventually(() => expect(running).toBe(2));
    server.drain();
    const during = await http(`${url}/quick`);
    release();
    for (const reply of [during, await slow]) {
      expect(reply).toMatchObject({ status: 200, text: 'done' });
      expect(reply.headers.get('connection')).toBe('close');
    }
    await server.close();
  });

  test('the connection of a request that does not end in the grace period is closed', async () => {
    let running = 0;
    const server = await listen(
      createHttpServer(() => {
        running += 1;
      }),
      0,
      HOST,
    );
    const never = http(`http://${HOST}:${server.port}/`);
    const failed = expect(never).rejects.toThrow();
    await eventually(() => expect(running).toBe(1));
    await server.close(200);
    await failed;
  });

  test('a port that is taken is an error with its code', async () => {
    const handler = createHttpServer(() => undefined);
    const server = await listen(handler, 0, HOST);
    await expect(
      listen(
        createHttpServer(() => undefined),
        server.port,
        HOST,
      ),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await server.close(0);
  });
});
