import { createServer } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type HttpServer, listen } from './http-server.js';

export { Counter, Gauge, Histogram };

/** The metrics that every service has. In one process all services share them, told apart by the label `service`. */
export interface Metrics {
  registry: Registry;
  httpDuration: Histogram<'service' | 'method' | 'route' | 'status'>;
  slowBodies: Counter<'service' | 'kind'>;
  eventsHandled: Counter<'queue' | 'type' | 'outcome'>;
  eventsRefused: Counter<'service' | 'type'>;
  eventsPublished: Counter<'service'>;
  outboxPending: Gauge<'service'>;
  outboxUnreadable: Gauge<'service'>;
  /** `waiting` is asked how many statements and transactions wait for a connection whenever metrics are read. */
  watchPool(service: string, waiting: () => number): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const pools = new Map<string, () => number>();
  new Gauge({
    name: 'lazyphotos_database_waiting',
    help: 'Statements and transactions that wait for a connection to the database',
    labelNames: ['service'],
    registers,
    collect() {
      for (const [service, waiting] of pools) this.set({ service }, waiting());
    },
  });
  return {
    registry,
    watchPool: (service, waiting) => pools.set(service, waiting),
    httpDuration: new Histogram({
      name: 'lazyphotos_http_request_duration_seconds',
      help: 'Time from the first byte of a request to the last byte of its response',
      labelNames: ['service', 'method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    slowBodies: new Counter({
      name: 'lazyphotos_slow_bodies_total',
      help: 'Requests that were ended because their body came too slowly, by kind: chunk or other',
      labelNames: ['service', 'kind'],
      registers,
    }),
    eventsHandled: new Counter({
      name: 'lazyphotos_events_handled_total',
      help: 'Deliveries by outcome: done, retried, dead_lettered, or postponed by an outage, which does not count as an attempt',
      labelNames: ['queue', 'type', 'outcome'],
      registers,
    }),
    eventsRefused: new Counter({
      name: 'lazyphotos_events_refused_total',
      help: 'Events that named a photo or album of another user, or a file that is not theirs: dropped, nothing was changed',
      labelNames: ['service', 'type'],
      registers,
    }),
    eventsPublished: new Counter({
      name: 'lazyphotos_events_published_total',
      help: 'Events that the outbox relay handed to the bus',
      labelNames: ['service'],
      registers,
    }),
    outboxPending: new Gauge({
      name: 'lazyphotos_outbox_pending',
      help: 'Events that are committed but not yet published, at the last count',
      labelNames: ['service'],
      registers,
    }),
    outboxUnreadable: new Gauge({
      name: 'lazyphotos_outbox_unreadable',
      help: 'Rows of the outbox that cannot be read as events, at the last count: they stay, and the others are published',
      labelNames: ['service'],
      registers,
    }),
  };
}

/** Serves GET /metrics on its own port, away from clients. */
export function serveMetrics(registry: Registry, port: number, host: string): Promise<HttpServer> {
  const server = createServer((req, res) => {
    if (req.method !== 'GET' || req.url?.split('?')[0] !== '/metrics') {
      res.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => res.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => res.writeHead(500).end(),
    );
  });
  return listen(server, port, host);
}
