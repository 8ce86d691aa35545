import type { Response } from 'express';
import { type Page, renderPage } from './page.js';

export interface SendOptions {
  status?: number;
  /** Pages show what only their reader may see, so nothing keeps them unless the page says so. */
  cacheControl?: string;
}

/** Sends a page with its own Content-Security-Policy. It depends on the language and type that the browser accepts. */
export function sendPage(res: Response, page: Page, options: SendOptions = {}): void {
  const { document, policy } = renderPage(page);
  res.status(options.status ?? 200);
  res.setHeader('Content-Security-Policy', policy);
  res.setHeader('X-Frame-Options', 'DENY');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  if (page.noindex) res.setHeader('X-Robots-Tag', 'noindex, nofollow');
  res.setHeader('Cache-Control', options.cacheControl ?? 'no-store');
  res.setHeader('Content-Language', page.language);
  res.vary('Accept-Language');
  res.vary('Accept');
  res.type('html').send(document);
}
