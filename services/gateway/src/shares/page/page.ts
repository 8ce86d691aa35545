import type { SharedPhoto } from '@lazyphotos/contracts';
import { type Html, html } from '../../pages/html.js';
import { type Language, type Page, type Preview, readAsset, SHARED_STYLES } from '../../pages/page.js';
import type { PageScript } from './addresses.js';
import { altOf, shorten } from './caption.js';
import { SHARE_MESSAGES } from './messages.js';
import { gallery, ICONS, type ShareView, single, summaryOf, titleOf } from './photos.js';
import { type Look, styleOf } from './picture.js';

const STYLES = readAsset('share.css');
/** The limit of texts in `<head>`: window titles and previews in messengers show no more. */
const HEAD_LIMIT = { characters: 100, bytes: 240 };

const headTitle = (view: ShareView): string => shorten(titleOf(view), HEAD_LIMIT);

/** Returns the parts that all pages of share links share. */
const shell = (language: Language, title: string, content: Html): Page => ({
  language,
  title,
  description: SHARE_MESSAGES[language].description,
  noindex: true,
  bare: true,
  styles: [SHARED_STYLES, STYLES],
  content: html`<main class="share">
${content}</main>
<footer class="share">${SHARE_MESSAGES[language].footer}</footer>
`,
});

/** Returns a page without photos. It has no preview: messengers show its title, which is the same for all links. */
export const noticePage = ({ title, content }: Notice, language: Language): Page => ({
  ...shell(language, title, content),
  sources: { forms: ["'self'"] },
});

/** Returns how a messenger shows the link. It has a picture only if the link has no password: other servers fetch and keep it. */
function previewOf(view: ShareView, photo: SharedPhoto | undefined): Preview {
  const { content, address, language } = view;
  const image = photo ? photo.thumbnails.medium : content.link.cover?.thumbnails.medium;
  const summary = [summaryOf(view), content.link.albumDescription].filter(Boolean).join(' · ');
  return {
    title: headTitle(view),
    description: shorten(summary, HEAD_LIMIT) || SHARE_MESSAGES[language].description,
    url: address.full,
    ...(image === undefined || content.link.hasPassword
      ? {}
      : { image: { url: image, alt: photo ? altOf(photo, language) : headTitle(view) } }),
  };
}

/** Returns the origins of pictures other than this node: a CDN, if there is one. */
function pictureOrigins({ photos, link }: ShareView['content'], full: string): string[] {
  const shown = [...photos, ...(link.cover ? [link.cover] : [])];
  const urls = shown.flatMap(({ thumbnails }) => thumbnails.medium ?? []);
  const own = new URL(full).origin;
  return [...new Set(urls.map((url) => new URL(url).origin))].filter((origin) => origin !== own);
}

/**
 * Returns the page of a link: the grid of an album, or `photo` alone. Its policy allows pictures from this node (and the CDN), the script
 * by a nonce, and the pages of the list that the script fetches from this node.
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

/** The text of a page without photos. Nothing in it depends on the link. */
export interface Notice {
  title: string;
  content: Html;
}

const notice = (title: string, text: string): Notice => ({
  title,
  content: html`<div class="notice"><h1>${title}</h1>\n<p>${text}</p></div>\n`,
});

/** For links that are unknown, revoked or expired, or whose photo or album was deleted: all of them must look the same. */
export const goneNotice = (language: Language): Notice =>
  notice(SHARE_MESSAGES[language].goneTitle, SHARE_MESSAGES[language].goneText);
export const busyNotice = (language: Language): Notice =>
  notice(SHARE_MESSAGES[language].busyTitle, SHARE_MESSAGES[language].busyText);
export const slowDownNotice = (language: Language): Notice =>
  notice(SHARE_MESSAGES[language].slowDownTitle, SHARE_MESSAGES[language].slowDownText);

export type UnlockFault = 'wrongPassword' | 'passwordMissing' | 'tooManyAttempts';

/** Returns the form for the password. It shows nothing about the content of the link. */
export function unlockForm(action: string, language: Language, fault?: UnlockFault): Notice {
  const t = SHARE_MESSAGES[language];
  const described = fault && html` aria-invalid="true" aria-describedby="fault"`;
  return {
    title: t.lockedTitle,
    content: html`<div class="notice">${ICONS.lock}
<h1>${t.lockedTitle}</h1>
<p>${t.lockedText}</p>
<form method="post" action="${action}">
<label for="password">${t.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1000" required autofocus${described}>
${fault && html`<p class="error" id="fault" role="alert">${t[fault]}</p>\n`}<button class="button">${t.unlock}</button>
</form></div>
`,
  };
}
