import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '@lazyphotos/contracts';
import { hasBody, type Logger, parseJsonBody, userOf } from '@lazyphotos/service-kit';
import { type Request, type RequestHandler, raw } from 'express';
import type { GatewaySettings } from '../config.js';
import { clientKey } from '../limits.js';
import type { GatewayMetrics } from '../metrics.js';
import type { RoutedService, Upstream } from '../routes.js';
import { FairSlots } from './fair-slots.js';

/** What a service accepts as JSON. */
const LARGEST_JSON = '1mb';
const SMALL_BYTES = 16 * 1024;
/** Plain bodies of up to 16 KiB that are under way: together 16 MB. An attacker's share must not lock out others at its address. */
const SMALL_BODIES = 1024;
/** Larger bodies, and those that do not say how large they are in memory: compressed ones, too. */
const LARGE_BODIES = 32;
/** A page with some hundred pictures asks for all at once, and `<img>` does not repeat. A request that waits takes little. */
const WAITING_DOWNLOADS = 1000;

type TrafficSettings = Pick<
  GatewaySettings,
  'upstreamConnections' | 'chunksInFlight' | 'downloadsInFlight' | 'queueSeconds'
>;

export interface TrafficDeps {
  settings: TrafficSettings;
  metrics: GatewayMetrics;
  logger: Logger;
  upstreams: Readonly<Record<RoutedService, Upstream>>;
}

/**
 * Shares what is scarce between clients: bodies that come in, connections to services, pictures that go out. A client is a signed-in
 * user; without a user it is an address. Of a picture it is the user that its URL names, together with the address.
 */
export class Traffic {
  readonly #deps: TrafficDeps;
  readonly #chunks: FairSlots;
  readonly #smallBodies: FairSlots;
  readonly #largeBodies: FairSlots;
  readonly #downloads: FairSlots;
  readonly #connections = new Map<string, FairSlots>();
  readonly #receive = raw({ type: () => true, limit: LARGEST_JSON });
  /** The step that admits a body that is read whole: any but a chunk. */
  readonly admitBody: RequestHandler = holding((req) => (hasBody(req) ? this.#bodySlots(req) : undefined));

  constructor(deps: TrafficDeps) {
    const { settings, upstreams } = deps;
    this.#deps = deps;
    this.#chunks = this.#slots('chunks', settings.chunksInFlight);
    this.#smallBodies = this.#slots('small bodies', SMALL_BODIES);
    this.#largeBodies = this.#slots('large bodies', LARGE_BODIES);
    this.#downloads = this.#slots('downloads', settings.downloadsInFlight, WAITING_DOWNLOADS);
    for (const [name, { isRemote }] of Object.entries(upstreams))
      if (isRemote)
        this.#connections.set(name, this.#slots(`connections to ${name}`, settings.upstreamConnections));
  }

  /** The steps that admit and read the body of a request. A chunk, and what an endpoint does not ask for, is not read here. */
  bodySteps(endpoint: Endpoint): RequestHandler[] {
    if (endpoint.body === 'binary') return [holding(() => this.#chunks)];
    if (this.#connections.has(endpoint.service)) return [this.admitBody, this.#receive];
    return endpoint.body ? [this.admitBody, parseJsonBody] : [this.admitBody];
  }

  /** The step that takes a connection to the endpoint's service, if it is in another process. */
  connectionSteps(endpoint: Endpoint): RequestHandler[] {
    const slots = this.#connections.get(endpoint.service);
    return slots ? [holding(() => slots)] : [];
  }

  /** Resolves to whether the client may read a picture of `userId` from the object store; see FairSlots. */
  holdDownload(req: Request, userId: string): Promise<boolean> {
    return this.#downloads.hold(`${userId} ${clientKey(req.ip)}`, req.res as ServerResponse);
  }

  #bodySlots({ headers }: IncomingMessage): FairSlots {
    // The length of a compressed body says nothing: 1 KB may be 1 MB in memory.
    const isPlain = (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
    const isSmall =
      isPlain &&
      headers['transfer-encoding'] === undefined &&
      Number(headers['content-length']) <= SMALL_BYTES;
    return isSmall ? this.#smallBodies : this.#largeBodies;
  }

  #slots(what: string, total: number, maxWaiting?: number): FairSlots {
    const { settings, metrics, logger } = this.#deps;
    const slots = new FairSlots({
      total,
      waitMs: settings.queueSeconds * 1000,
      maxWaiting,
      onRefused: (reason, client) => {
        metrics.refused.inc({ what, reason });
        logger.warn('a request was refused: too many at a time', { what, reason, client });
      },
    });
    metrics.watchSlots(what, slots);
    return slots;
  }
}

const clientOf = (req: Request): string => userOf(req) ?? clientKey(req.ip);

const holding =
  (slotsOf: (req: Request) => FairSlots | undefined): RequestHandler =>
  async (req, res, next) => {
    const slots = slotsOf(req);
    if (!slots || (await slots.hold(clientOf(req), res))) next();
  };
