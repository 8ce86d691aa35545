import { type Html, html, trusted } from '../../pages/html.js';

const drawing = (path: string): Html =>
  html`<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${trusted(path)}"/></svg>`;

/** Drawings of our own, inline so that no further request is made. */
export const icons = {
  close: drawing('M6 6l12 12M18 6L6 18'),
  previous: drawing('M15 5l-7 7 7 7'),
  next: drawing('M9 5l7 7-7 7'),
  download: drawing('M12 4v11m0 0l-4.5-4.5M12 15l4.5-4.5M5 19.5h14'),
  lock: drawing('M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z'),
};
