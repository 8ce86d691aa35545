import { type Agent, type RequestListener, request } from 'node:http';
import type { LookupFunction } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { createHttpServer, type HttpServer, isConnectionFault, listen, ReplicaAgent } from '../src/index.js';

/** Linux listens on all of 127.0.0.0/8; other systems have no second address for a second replica. */
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

const replicas: HttpServer[] = [];
afterEach(async () => {
  for (const replica of replicas.splice(0)) await replica.close(0);
});

/** A replica that responds with its own address; all have the same port. */
async function startReplica(address: string, port: number, handler?: RequestListener): Promise<HttpServer> {
  const answer: RequestListener = (_req, res) => res.end(address);
  const server = await listen(createHttpServer(handler ?? answer), port, address);
  replicas.push(server);
  return server;
}

/** Resolves every name as Docker and Kubernetes do: to the addresses of all replicas, always in the same order. */
const resolvingTo =
  (addresses: () => string[]): LookupFunction =>
  (_hostname, _options, done) =>
    done(
      null,
      addresses().map((address) => ({ address, family: 4 })),
    );

const get = (agent: Agent, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    request({ agent, host: 'replicas.test', port, path: '/' }, (res) => text(res).then(resolve, reject))
      .on('error', reject)
      .end();
  });
const getMany = async (agent: Agent, port: number, times: number): Promise<Set<string>> => {
  const responses = new Set<string>();
  for (let count = 0; count < times; count += 1) responses.add(await get(agent, port));
  return responses;
};

describeOnLinux('connections to a service of several replicas', () => {
  test('go to all of them', async () => {
    const { port } = await startReplica('127.0.0.2', 0);
    await startReplica('127.0.0.3', port);
    const agent = new ReplicaAgent({
      keepAlive: false,
      lookup: resolvingTo(() => ['127.0.0.2', '127.0.0.3']),
    });
    // One in 2^49 runs would see one replica only.
    expect(await getMany(agent, port, 50)).toEqual(new Set(['127.0.0.2', '127.0.0.3']));
    agent.destroy();
  });

  test('pass by one that is gone', async () => {
    const { port } = await startReplica('127.0.0.3', 0);
    const agent = new ReplicaAgent({
      keepAlive: false,
      lookup: resolvingTo(() => ['127.0.0.2', '127.0.0.3', '127.0.0.4']),
    });
    expect(await getMany(agent, port, 20)).toEqual(new Set(['127.0.0.3']));
    agent.destroy();
  });

  test('fail with a fault of the connection when all are gone', async () => {
    const replica = await startReplica('127.0.0.2', 0);
    await replica.close(0);
    const agent = new ReplicaAgent({ lookup: resolvingTo(() => ['127.0.0.2', '127.0.0.3']) });
    const error = await get(agent, replica.port).catch((reason: unknown) => reason);
    expect(isConnectionFault(error)).toBe(true);
    agent.destroy();
  });

  test('are kept for a limited time: a new replica gets its share', async () => {
    const { port } = await startReplica('127.0.0.2', 0);
    const addresses = ['127.0.0.2'];
    const agent = new ReplicaAgent({ maxAgeMs: 200, lookup: resolvingTo(() => addresses) });
    expect(await getMany(agent, port, 5)).toEqual(new Set(['127.0.0.2']));
    await startReplica('127.0.0.3', port);
    addresses.push('127.0.0.3');
    const seen = new Set<string>();
    await eventually(async () => {
      seen.add(await get(agent, port));
      expect(seen).toEqual(new Set(['127.0.0.2', '127.0.0.3']));
    });
    agent.destroy();
  });
});

describe('a kept connection', () => {
  test('serves many requests while it is young', async () => {
    const sockets = new Set<unknown>();
    const { port } = await startReplica('127.0.0.1', 0, (req, res) => {
      sockets.add(req.socket);
      res.end();
    });
    const agent = new ReplicaAgent({ lookup: resolvingTo(() => ['127.0.0.1']) });
    await getMany(agent, port, 20);
    expect(sockets.size).toBe(1);
    agent.destroy();
  });

  test('is closed by the client before our servers close it', () => {
    const { options } = new ReplicaAgent() as unknown as { options: { timeout: number } };
    const server = createHttpServer(() => undefined);
    expect(options.timeout).toBeGreaterThan(0);
    expect(options.timeout).toBeLessThan(server.keepAliveTimeout / 2);
  });
});
