import { randomUUID } from 'node:crypto';
import type { Endpoint } from '@lazyphotos/contracts';
import type { BinaryBody, UntypedInput } from './types.js';

/** A request that can be sent any number of times. */
export interface PreparedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | BinaryBody | undefined;
}

/** Checks the address of a node. Returns it without a slash at the end, so that a path can follow. */
export function normalizeBaseUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`not an http or https address: ${address}`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      'the address of the node must not contain a user name, a password, a query or a fragment',
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function pathOf(template: string, params: UntypedInput['params'] = {}): string {
  return template.replace(/\{(\w+)\}/g, (_all, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new TypeError(`the path ${template} needs ${name}`);
    return encodeURIComponent(String(value));
  });
}

function queryOf(query: UntypedInput['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

const acceptOf = ({ success }: Endpoint): string =>
  ['application/json', 'application/problem+json', ...(success.alternatives ?? [])].join(', ');

export function prepareRequest(baseUrl: string, endpoint: Endpoint, input: UntypedInput): PreparedRequest {
  const request: PreparedRequest = {
    method: endpoint.method.toUpperCase(),
    url: `${baseUrl}${pathOf(endpoint.path, input.params)}${queryOf(input.query)}`,
    headers: { accept: acceptOf(endpoint) },
    body: undefined,
  };
  // The same key for all attempts makes a repetition safe.
  if (endpoint.idempotencyKey === true) request.headers['idempotency-key'] = randomUUID();
  if (endpoint.body === 'binary') {
    const body = input.body as BinaryBody;
    request.body = body;
    request.headers['content-type'] = 'application/octet-stream';
    request.headers['content-length'] = String(body.length);
  } else if (endpoint.body !== undefined) {
    request.body = JSON.stringify(input.body ?? {});
    request.headers['content-type'] = 'application/json';
  }
  return request;
}

/** POSTs that the contract makes safe to repeat. */
const REPEATABLE_POSTS = new Set([
  'createUploadSession',
  'completeUpload',
  'restorePhoto',
  'addAlbumItems',
  'editPhotos',
  'deletePhotos',
  'restorePhotos',
  'emptyTrash',
  'pauseImport',
  'resumeImport',
  'addImportParts',
]);

/** Returns whether a repeated request has the effect of a single one. */
export const isRepeatable = (endpoint: Endpoint): boolean =>
  endpoint.method !== 'post' || endpoint.idempotencyKey === true || REPEATABLE_POSTS.has(endpoint.id);
