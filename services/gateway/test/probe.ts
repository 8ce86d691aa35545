import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { ServiceName } from '@lazyphotos/contracts';
import { type Listening, listen } from '@lazyphotos/testkit';
import { httpUpstream } from '../src/http-upstream.js';
import { localUpstream, type Upstream } from '../src/routes.js';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A service that records its requests, and responds as the test wants. */
export interface Probe {
  seen: Seen[];
  /** Replaces the usual answer: 200 with the service's name as JSON. */
  handle: RequestListener | undefined;
  isReady: boolean;
  upstream: Upstream;
  close(): Promise<void>;
}

export type UpstreamKind = 'in the same process' | 'over HTTP';
export const upstreamKinds: UpstreamKind[] = ['in the same process', 'over HTTP'];

/** What requests to a service over HTTP carry as its service token. */
export const tokenFor = (audience: string): string => `a token for ${audience}`;

/** `silenceMs`: how long the gateway lets a service over HTTP say nothing. */
export async function createProbe(
  service: ServiceName,
  kind: UpstreamKind,
  silenceMs?: number,
): Promise<Probe> {
  const listener: RequestListener = async (req, res) => {
    if (req.url === '/health/ready') {
      res.writeHead(probe.isReady ? 200 : 503).end();
      return;
    }
    const { method = '', url = '', headers } = req;
    if (probe.handle) {
      probe.seen.push({ method, url, headers, body: Buffer.alloc(0) });
      probe.handle(req, res);
      return;
    }
    // In one process the gateway has parsed it.
    const { body: parsed } = req as { body?: unknown };
    const body =
      parsed === undefined ? await buffer(req).catch(() => undefined) : Buffer.from(JSON.stringify(parsed));
    if (!body) return; // The client went away.
    probe.seen.push({ method, url, headers, body });
    res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ service }));
  };
  let server: Listening | undefined;
  if (kind === 'over HTTP') server = await listen(listener);
  const ready = async () => {
    if (!probe.isReady) throw new Error('not ready');
  };
  const probe: Probe = {
    seen: [],
    handle: undefined,
    isReady: true,
    upstream: server
      ? httpUpstream(service, server.url, { tokenFor }, silenceMs === undefined ? {} : { silenceMs })
      : localUpstream({ handler: listener, ready }),
    close: async () => server?.close(),
  };
  return probe;
}
