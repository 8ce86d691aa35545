import type { RequestListener } from 'node:http';
import type { LookupFunction } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  createHttpServer,
  createMetrics,
  createServiceApp,
  type HttpServer,
  listen,
  silentLogger,
} from '@lazyphotos/service-kit';
import { type HttpOptions, type HttpReply, http } from '@lazyphotos/testkit';
import { raw } from 'express';
import { httpUpstream, type Tuning } from '../src/http-upstream.js';
import { tokenFor } from './probe.js';

/** One process of a service that has several, all with the same port and each with its address. */
export interface Replica {
  address: string;
  server: HttpServer;
  /** `<method> <url>` of every request. */
  seen: string[];
  /** Replaces the usual answer: 200 with the address. */
  handle: RequestListener | undefined;
}

/** The replicas of one service, behind one name that resolves to all of them, always in the same order. */
export function createReplicas() {
  const running: Replica[] = [];
  let port = 0;
  const lookup: LookupFunction = (_hostname, _options, done) => {
    const addresses = running.map(({ address }) => ({ address, family: 4 }));
    if (addresses.length > 0) done(null, addresses);
    else done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
  };
  return {
    lookup,
    baseUrl: () => `http://replicas.test:${port}`,
    start: async (address: string): Promise<Replica> => {
      const replica: Omit<Replica, 'server'> = { address, seen: [], handle: undefined };
      const answer: RequestListener = async (req, res) => {
        replica.seen.push(`${req.method} ${req.url}`);
        if (replica.handle) return replica.handle(req, res);
        const body = await buffer(req).catch(() => undefined);
        if (body) res.end(address);
      };
      const server = await listen(createHttpServer(answer), port, address);
      port = server.port;
      const started = Object.assign(replica, { server });
      running.push(started);
      return started;
    },
    /** Its name forgets it; the process goes on. */
    forget: (replica: Replica): void => {
      running.splice(running.indexOf(replica), 1);
    },
    stop: async (): Promise<void> => {
      for (const { server } of running.splice(0)) await server.close(0);
    },
  };
}
export type Replicas = ReturnType<typeof createReplicas>;

/** The gateway's way to a service, over real HTTP, and nothing else of the gateway. Bodies below `/received` are received as a whole first. */
export async function startWay(replicas: Replicas, tuning: Tuning = {}) {
  const chassis = {
    name: 'way',
    version: '1.2.3',
    logger: silentLogger,
    metrics: createMetrics(),
    authenticate: () => undefined,
    validateAnswers: true,
  };
  const { app, router } = createServiceApp(chassis, {});
  const upstream = httpUpstream(
    'upload',
    replicas.baseUrl(),
    { tokenFor },
    { lookup: replicas.lookup, ...tuning },
  );
  router.use('/received', raw({ type: () => true }));
  router.use(upstream.forward);
  const server = await listen(createHttpServer(app), 0, '127.0.0.1');
  const url = `http://127.0.0.1:${server.port}`;
  return {
    port: server.port,
    call: (path: string, options?: HttpOptions): Promise<HttpReply> => http(url + path, options),
    drain: server.drain,
    close: () => server.close(0),
  };
}
export type Way = Awaited<ReturnType<typeof startWay>>;
