import type { SharedPhoto } from '@lazyphotos/contracts';
import { type Html, html } from '../../pages/html.js';
import type { Language } from '../../pages/language.js';
import { type Page, type Preview, readAsset, sharedStyles } from '../../pages/page.js';
import { altOf } from './caption.js';
import { gallery, type ShareView, summaryOf, titleOf } from './gallery.js';
import { shareMessages } from './messages.js';
import type { Notice } from './notices.js';
import { type Look, styleOf } from './picture.js';
import type { PageScript } from './script.js';
import { shorten } from './shorten.js';
import { single } from './single.js';

const STYLES = readAsset('share.css');
/** Of texts in `<head>`: window titles and previews in messengers show no more. */
const HEAD_LIMIT = { characters: 100, bytes: 240 };

const headTitle = (view: ShareView): string => shorten(titleOf(view), HEAD_LIMIT);

/** What all pages of share links have in common. */
const shell = (language: Language, title: string, content: Html): Page => ({
  language,
  title,
  description: shareMessages[language].description,
  noindex: true,
  bare: true,
  styles: [sharedStyles, STYLES],
  content: html`<main class="share">
${content}</main>
<footer class="share">${shareMessages[language].footer}</footer>
`,
});

/** A page without photos. It has no preview: messengers show its title, which is the same for all links. */
export const noticePage = ({ title, content }: Notice, language: Language): Page => ({
  ...shell(language, title, content),
  sources: { forms: ["'self'"] },
});

/** How a messenger shows the link. A picture only where no password guards it: other servers fetch it, and keep it. */
function previewOf(view: ShareView, photo: SharedPhoto | undefined): Preview {
  const { content, address, language } = view;
  const image = photo ? photo.thumbnails.medium : content.link.cover?.thumbnails.medium;
  const summary = [summaryOf(view), content.link.albumDescription].filter(Boolean).join(' · ');
  return {
    title: headTitle(view),
    description: shorten(summary, HEAD_LIMIT) || shareMessages[language].description,
    url: address.full,
    ...(image === undefined || content.link.hasPassword
      ? {}
      : { image: { url: image, alt: photo ? altOf(photo, language) : headTitle(view) } }),
  };
}

/** Where pictures come from besides this node: a CDN, if there is one. */
function pictureOrigins({ photos, link }: ShareView['content'], full: string): string[] {
  const shown = [...photos, ...(link.cover ? [link.cover] : [])];
  const urls = shown.flatMap(({ thumbnails }) => thumbnails.medium ?? []);
  const own = new URL(full).origin;
  return [...new Set(urls.map((url) => new URL(url).origin))].filter((origin) => origin !== own);
}

/**
 * The page of a link: the grid of an album, or `photo` alone. Its policy allows pictures from this node (and the CDN), the script
 * by a nonce, and what the script fetches: further pages of the list from this node.
 */
export function sharePage(
  view: ShareView,
  photo: SharedPhoto | undefined,
  { script, nonce }: { script: PageScript; nonce: string },
): Page {
  const { content, address, language } = view;
  const made: { content: Html; looks: Look[] } = photo
    ? { content: single(view, photo), looks: [] }
    : gallery(view);
  const page = shell(language, headTitle(view), made.content);
  return {
    ...page,
    description: shorten(summaryOf(view), HEAD_LIMIT) || page.description,
    preview: previewOf(view, photo),
    styles: [...(page.styles ?? []), styleOf(made.looks)],
    head: html`<script type="module" src="${script.path}" nonce="${nonce}"></script>\n`,
    sources: {
      images: ["'self'", ...pictureOrigins(content, address.full)],
      scripts: [`'nonce-${nonce}'`],
      fetches: ["'self'"],
    },
  };
}
