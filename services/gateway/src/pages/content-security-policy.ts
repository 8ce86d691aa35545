import { createHash } from 'node:crypto';

/** What a page loads besides its own inline styles and scripts. Sources are those of CSP: `'self'`, `data:`, an origin. */
export interface PageSources {
  images?: readonly string[];
  styles?: readonly string[];
  scripts?: readonly string[];
  fonts?: readonly string[];
  fetches?: readonly string[];
  /** Where forms may go. */
  forms?: readonly string[];
}

const hashOf = (content: string): string =>
  `'sha256-${createHash('sha256').update(content).digest('base64')}'`;

/**
 * The Content-Security-Policy of a page: nothing but what it names, and its inline styles and scripts by their hashes
 * (CSP level 3). Nobody may frame it, and no `<base>` may redirect its links.
 */
export function contentSecurityPolicy(
  sources: PageSources,
  inline: { styles: readonly string[]; scripts: readonly string[] },
): string {
  const directives: Record<string, readonly string[]> = {
    'default-src': [],
    'style-src': [...inline.styles.map(hashOf), ...(sources.styles ?? [])],
    'script-src': [...inline.scripts.map(hashOf), ...(sources.scripts ?? [])],
    'img-src': ['data:', ...(sources.images ?? [])],
    'font-src': sources.fonts ?? [],
    'connect-src': sources.fetches ?? [],
    'form-action': sources.forms ?? [],
    'base-uri': [],
    'frame-ancestors': [],
  };
  return Object.entries(directives)
    .map(([name, values]) => `${name} ${values.length > 0 ? values.join(' ') : "'none'"}`)
    .join('; ');
}
