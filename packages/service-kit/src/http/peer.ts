import type { BodyOf, Endpoint, ParamsOf } from '@lazyphotos/contracts';
import type { z } from 'zod';
import { currentRequestId } from '../context.js';
import { ProblemError } from '../errors.js';

type PeerAnswer<E extends Endpoint> = E['success']['body'] extends z.ZodType
  ? z.output<E['success']['body']>
  : undefined;

const PEER_TIMEOUT_MS = 5000;

/** Calls another service's internal endpoint. @throws ProblemError `service_unavailable` whatever goes wrong */
export async function callPeer<E extends Endpoint>(
  baseUrl: string,
  endpoint: E,
  call: { params?: ParamsOf<E>; body?: BodyOf<E> },
): Promise<PeerAnswer<E>> {
  const params: Record<string, unknown> = call.params ?? {};
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const requestId = currentRequestId();
  try {
    const response = await fetch(baseUrl + path, {
      method: endpoint.method.toUpperCase(),
      signal: AbortSignal.timeout(PEER_TIMEOUT_MS),
      headers: { 'content-type': 'application/json', ...(requestId ? { 'x-request-id': requestId } : {}) },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    if (response.status !== endpoint.success.status)
      throw new Error(`${endpoint.id} answered ${response.status}`);
    const { body } = endpoint.success;
    return (body ? body.parse(await response.json()) : undefined) as PeerAnswer<E>;
  } catch (cause) {
    throw new ProblemError('service_unavailable', `The ${endpoint.service} service does not answer.`, {
      headers: { 'Retry-After': '5' },
      cause,
    });
  }
}
