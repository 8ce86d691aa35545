import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from '@lazyphotos/contracts';
import { hasBody, type Logger, userOf } from '@lazyphotos/service-kit';
import { type Request, type RequestHandler, raw } from 'express';
import type { GatewaySettings } from '../config.js';
import { clientKey } from '../limits.js';
import type { GatewayMetrics } from '../metrics.js';
import type { RoutedService, Upstream } from '../routes.js';
import { FairSlots } from './fair-slots.js';

/** What a service accepts as JSON. */
const LARGEST_JSON = '1mb';
const SMALL_BYTES = 16 * 1024;
/** Bodies of up to 16 KiB that are under way: together they take 16 MB. An attacker's share must not lock out others at its address. */
const SMALL_BODIES = 1024;
/** Larger bodies, and those that do not say how large they are. */
const LARGE_BODIES = 32;

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
 * user; without a user it is an address.
 */
export class Traffic {
  readonly #deps: TrafficDeps;
  readonly #chunks: FairSlots;
  readonly #smallBodies: FairSlots;
  readonly #largeBodies: FairSlots;
  readonly #downloads: FairSlots;
  readonly #connections = new Map<string, FairSlots>();
  readonly #receive = raw({ type: () => true, limit: LARGEST_JSON });

  constructor(deps: TrafficDeps) {
    const { settings, upstreams } = deps;
    this.#deps = deps;
    this.#chunks = this.#slots('chunks', settings.chunksInFlight);
    this.#smallBodies = this.#slots('small bodies', SMALL_BODIES);
    this.#largeBodies = this.#slots('large bodies', LARGE_BODIES);
    this.#downloads = this.#slots('downloads', settings.downloadsInFlight);
    for (const [name, { isRemote }] of Object.entries(upstreams))
      if (isRemote)
        this.#connections.set(name, this.#slots(`connections to ${name}`, settings.upstreamConnections));
  }

  /** The step that admits the body of a request. For a service in another process it is read here, unless it is a chunk. */
  bodySteps(endpoint: Endpoint): RequestHandler[] {
    if (endpoint.body === 'binary') return [holding(() => this.#chunks)];
    const admit = holding((req) => (hasBody(req) ? this.#bodySlots(req) : undefined));
    return this.#connections.has(endpoint.service) ? [admit, this.#receive] : [admit];
  }

  /** The step that takes a connection to the endpoint's service, if it is in another process. */
  connectionSteps(endpoint: Endpoint): RequestHandler[] {
    const slots = this.#connections.get(endpoint.service);
    return slots ? [holding(() => slots)] : [];
  }

  /** Resolves to whether the client may read from the object store; see FairSlots. */
  holdDownload(req: Request): Promise<boolean> {
    return this.#downloads.hold(clientOf(req), req.res as ServerResponse);
  }

  #bodySlots({ headers }: IncomingMessage): FairSlots {
    const isSmall =
      headers['transfer-encoding'] === undefined && Number(headers['content-length']) <= SMALL_BYTES;
    return isSmall ? this.#smallBodies : this.#largeBodies;
  }

  #slots(what: string, total: number): FairSlots {
    const { settings, metrics, logger } = this.#deps;
    const slots = new FairSlots({
      total,
      waitMs: settings.queueSeconds * 1000,
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
