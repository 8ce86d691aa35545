import type { ShareContent, SharedPhoto } from '@lazyphotos/contracts';
import { type Html, html, trusted } from '../../pages/html.js';
import type { Language } from '../../pages/page.js';
import type { ShareAddresses } from './addresses.js';
import { altOf, captionOf, shorten, whenAndWhere } from './caption.js';
import { SHARE_MESSAGES } from './messages.js';
import { type Look, lookOf, picture } from './picture.js';

const drawing = (path: string): Html =>
  html`<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${trusted(path)}"/></svg>`;

/** Drawings, inline so that no further request is made. */
export const ICONS = {
  close: drawing('M6 6l12 12M18 6L6 18'),
  previous: drawing('M15 5l-7 7 7 7'),
  next: drawing('M9 5l7 7-7 7'),
  download: drawing('M12 4v11m0 0l-4.5-4.5M12 15l4.5-4.5M5 19.5h14'),
  lock: drawing('M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z'),
};

/** The approximate width of a photo in the grid. Browsers that know `auto` use its real width. */
const GRID_SIZES = '(min-width: 48em) 22rem, 48vw';
/** The first photos, which are on the first screen, are not loaded lazily, since that would delay them. */
const EAGER = 6;
/** Up to so many photos get a row each on a phone. */
const FEW = 4;
/** The limit of the album's description above the list. */
const ABOUT_LIMIT = { characters: 2000, bytes: 3000 };

export interface ShareView {
  content: ShareContent;
  /** The cursor of this page of the list; undefined on the first page. */
  cursor: string | undefined;
  address: ShareAddresses;
  language: Language;
}

export const titleOf = ({ content: { link }, language }: ShareView): string => {
  const t = SHARE_MESSAGES[language];
  return link.title ?? link.albumName ?? (link.kind === 'album' ? t.album : t.photo);
};

/** Returns the number of photos and the name of their owner. */
export function summaryOf({ content: { link }, language }: ShareView): string {
  const t = SHARE_MESSAGES[language];
  const parts = [
    link.kind === 'album' && t.photos(link.photoCount),
    link.ownerName && t.from(link.ownerName),
  ];
  return parts.filter(Boolean).join(' · ');
}

/**
 * Returns the caption for the lightbox. With a picture `data-text` is empty, and the script takes the caption from `alt`, so that the page
 * holds it once. `data-cut` says that the photo's own page has a longer text.
 */
function captionAttributes(photo: SharedPhoto, hasPicture: boolean): Html | undefined {
  const caption = captionOf(photo);
  return caption && html` data-text="${hasPicture ? '' : caption.text}"${caption.isCut && html` data-cut`}`;
}

function tile(photo: SharedPhoto, look: Look, index: number, view: ShareView): Html {
  const { content, cursor, address, language } = view;
  const isLazy = index >= EAGER;
  const image = picture({
    photo,
    alt: altOf(photo, language),
    sizes: () => (isLazy ? `auto, ${GRID_SIZES}` : GRID_SIZES),
    isLazy,
    urlFor: address.ofMedia,
  });
  const info = whenAndWhere(photo, content.link, language);
  return html`<li class="${look.classes}"><a href="${address.ofPhoto(photo.id, cursor)}"${
    photo.placeholder && image && html` data-hash="${photo.placeholder}"`
  }${captionAttributes(photo, image !== undefined)}${info && html` data-info="${info}"`}>${
    image ?? html`<span>${SHARE_MESSAGES[language].noPreview}</span>`
  }</a></li>\n`;
}

/** The lightbox. While it is closed it shows nothing, and only the script opens it. */
function lightbox({ content: { link }, language }: ShareView): Html {
  const t = SHARE_MESSAGES[language];
  return html`<dialog class="viewer" aria-label="${t.viewer}">
<div class="bar"><span class="count" aria-live="polite"></span>${
    link.allowDownload && html`<a class="download" href="" aria-label="${t.download}">${ICONS.download}</a>`
  }<button type="button" class="close" aria-label="${t.close}">${ICONS.close}</button></div>
<button type="button" class="previous" aria-label="${t.previous}">${ICONS.previous}</button>
<figure><div class="stage"></div><figcaption><span></span> <a class="whole" href="" hidden>${t.wholeText}</a></figcaption></figure>
<button type="button" class="next" aria-label="${t.next}">${ICONS.next}</button>
</dialog>
`;
}

/** Returns the grid of an album's photos, and the texts above it. */
export function gallery(view: ShareView): { content: Html; looks: Look[] } {
  const { content, address, language } = view;
  const { link, photos, hasMore, cursor } = content;
  const t = SHARE_MESSAGES[language];
  const looks = photos.map(lookOf);
  const intro = html`<header class="intro">
<h1>${titleOf(view)}</h1>
<p class="summary">${summaryOf(view)}</p>
${link.albumDescription && html`<p class="about">${shorten(link.albumDescription, ABOUT_LIMIT)}</p>\n`}${
  link.allowDownload &&
  link.photoCount > 0 &&
  html`<p><a class="button plain" href="${address.archive}">${ICONS.download}${t.downloadAll}</a></p>\n`
}</header>
`;
  const grid = html`<ul class="${link.photoCount > FEW ? 'grid' : 'grid few'}" data-total="${link.photoCount}">
${photos.map((photo, index) => tile(photo, looks[index] as Look, index, view))}</ul>
${
  hasMore &&
  cursor !== null &&
  html`<p class="more"><a class="button plain" rel="next" href="${address.ofPage(cursor)}">${t.more}</a></p>\n`
}${lightbox(view)}`;
  return {
    looks,
    content: html`${intro}${photos.length > 0 ? grid : html`<p class="empty">${t.empty}</p>\n`}`,
  };
}

/** Returns the addresses of the photos before and after a photo; after the last one of a page of the list, that of the next page. */
function neighbours({ content, cursor, address }: ShareView, index: number) {
  const { photos, hasMore } = content;
  const before = photos[index - 1];
  const after = photos[index + 1];
  const nextPage = hasMore && content.cursor !== null ? address.ofPage(content.cursor) : undefined;
  return {
    previous: before && address.ofPhoto(before.id, cursor),
    next: after ? address.ofPhoto(after.id, cursor) : nextPage,
  };
}

const arrow = (href: string | undefined, rel: 'prev' | 'next', label: string, icon: Html): Html | false =>
  href !== undefined && html`<a class="arrow" rel="${rel}" href="${href}" aria-label="${label}">${icon}</a>`;

/** Returns one photo: the content of a link to a photo, or a photo of an album on its own page. */
export function single(view: ShareView, photo: SharedPhoto): Html {
  const { content, cursor, address, language } = view;
  const { link, photos } = content;
  const t = SHARE_MESSAGES[language];
  const { previous, next } = neighbours(view, photos.indexOf(photo));
  const image = picture({
    photo,
    alt: altOf(photo, language),
    sizes: (width) => `min(100vw, ${width}px)`,
    isLazy: false,
    urlFor: address.ofMedia,
  });
  const where = whenAndWhere(photo, link, language);
  const intro =
    link.kind === 'album'
      ? html`<header class="intro of-album"><h1><a href="${address.ofPage(cursor)}" aria-label="${t.back(titleOf(view))}">${
          ICONS.previous
        }${titleOf(view)}</a></h1></header>`
      : html`<header class="intro"><h1>${titleOf(view)}</h1>\n<p class="summary">${summaryOf(view)}</p></header>`;
  return html`${intro}
<figure class="one"><div class="frame" data-photo="${photo.id}">${image ?? html`<p class="empty">${t.noPreview}</p>`}</div>
<figcaption>${photo.description && html`<p class="about">${photo.description}</p>`}${
    where && html`<p class="summary">${where}</p>`
  }</figcaption></figure>
<p class="actions">${arrow(previous, 'prev', t.previous, ICONS.previous)}${
    link.allowDownload &&
    html`<a class="button plain" href="${address.ofDownload(photo.id, cursor)}">${ICONS.download}${t.download}</a>`
  }${arrow(next, 'next', t.next, ICONS.next)}</p>
`;
}
