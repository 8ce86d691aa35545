import type { Request } from 'express';

/**
 * What a client says about the connection to us is no business of the service's (RFC 9110, section 7.6.1); nor is that it waits
 * for a 100, which it has had from us.
 */
const FOR_US = [
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'upgrade',
  'expect',
];

const ASKS_TO_CLOSE = /(^|,)\s*close\s*(,|$)/i;

/** The headers that the service gets: those of the client, but what stands in X-Forwarded-* is said by us. */
export function prepareHeaders(req: Request): void {
  const { headers } = req;
  for (const name of FOR_US) delete headers[name];
  headers.connection = ASKS_TO_CLOSE.test(headers.connection ?? '') ? 'close' : 'keep-alive';
  headers['x-forwarded-for'] = req.ip;
  headers['x-forwarded-proto'] = req.protocol;
  headers['x-forwarded-host'] = req.host;
  delete headers['x-forwarded-port'];
}

/** A client may write the whole URL into its request line (RFC 9112, section 3.2.2). */
export const originForm = (url: string): string => {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
};
