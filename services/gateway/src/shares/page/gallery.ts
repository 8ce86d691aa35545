import type { ShareContent, SharedPhoto } from '@lazyphotos/contracts';
import { type Html, html } from '../../pages/html.js';
import type { Language } from '../../pages/language.js';
import { altOf, captionOf, whenAndWhere } from './caption.js';
import { icons } from './icons.js';
import { shareMessages } from './messages.js';
import { type Look, lookOf, picture } from './picture.js';
import type { ShareAddress } from './share-address.js';
import { shorten } from './shorten.js';

/** How wide a photo is in the grid, roughly; browsers that know `auto` take the width that it has. */
const GRID_SIZES = '(min-width: 48em) 22rem, 48vw';
/** Photos that are on a screen at once are not loaded lazily: they would come later. */
const EAGER = 6;
/** So few photos get a row each on a phone. */
const FEW = 4;
/** Of the album's description above the list. */
const ABOUT_LIMIT = { characters: 2000, bytes: 3000 };

export interface ShareView {
  content: ShareContent;
  /** Where the photos of this page begin; undefined on the first page. */
  cursor: string | undefined;
  address: ShareAddress;
  language: Language;
}

export const titleOf = ({ content: { link }, language }: ShareView): string => {
  const t = shareMessages[language];
  return link.title ?? link.albumName ?? (link.kind === 'album' ? t.album : t.photo);
};

/** How many photos, and from whom. */
export function summaryOf({ content: { link }, language }: ShareView): string {
  const t = shareMessages[language];
  const parts = [
    link.kind === 'album' && t.photos(link.photoCount),
    link.ownerName && t.from(link.ownerName),
  ];
  return parts.filter(Boolean).join(' · ');
}

/**
 * The caption for the lightbox. With a picture `data-text` is empty, and the script takes the caption from `alt`, so that the page
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
    image ?? html`<span>${shareMessages[language].noPreview}</span>`
  }</a></li>\n`;
}

/** The lightbox. Closed it shows nothing, and only the script opens it. */
function lightbox({ content: { link }, language }: ShareView): Html {
  const t = shareMessages[language];
  return html`<dialog class="viewer" aria-label="${t.viewer}">
<div class="bar"><span class="count" aria-live="polite"></span>${
    link.allowDownload && html`<a class="download" href="" aria-label="${t.download}">${icons.download}</a>`
  }<button type="button" class="close" aria-label="${t.close}">${icons.close}</button></div>
<button type="button" class="previous" aria-label="${t.previous}">${icons.previous}</button>
<figure><div class="stage"></div><figcaption><span></span> <a class="whole" href="" hidden>${t.wholeText}</a></figcaption></figure>
<button type="button" class="next" aria-label="${t.next}">${icons.next}</button>
</dialog>
`;
}

/** The grid of an album's photos, and what the page says above it. */
export function gallery(view: ShareView): { content: Html; looks: Look[] } {
  const { content, address, language } = view;
  const { link, photos, hasMore, cursor } = content;
  const t = shareMessages[language];
  const looks = photos.map(lookOf);
  const intro = html`<header class="intro">
<h1>${titleOf(view)}</h1>
<p class="summary">${summaryOf(view)}</p>
${link.albumDescription && html`<p class="about">${shorten(link.albumDescription, ABOUT_LIMIT)}</p>\n`}${
  link.allowDownload &&
  link.photoCount > 0 &&
  html`<p><a class="button plain" href="${address.archive}">${icons.download}${t.downloadAll}</a></p>\n`
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
