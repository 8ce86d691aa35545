import type { SharedPhoto } from '@lazyphotos/contracts';
import { type Html, html } from '../../pages/html.js';
import { altOf, whenAndWhere } from './caption.js';
import { type ShareView, summaryOf, titleOf } from './gallery.js';
import { icons } from './icons.js';
import { shareMessages } from './messages.js';
import { picture } from './picture.js';

/** The addresses of the photos before and after a photo; at the end of a page of the list, that of the next page. */
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

/** One photo: all that a link to a photo shows, or a photo of an album on a page of its own. */
export function single(view: ShareView, photo: SharedPhoto): Html {
  const { content, cursor, address, language } = view;
  const { link, photos } = content;
  const t = shareMessages[language];
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
          icons.previous
        }${titleOf(view)}</a></h1></header>`
      : html`<header class="intro"><h1>${titleOf(view)}</h1>\n<p class="summary">${summaryOf(view)}</p></header>`;
  return html`${intro}
<figure class="one"><div class="frame" data-photo="${photo.id}">${image ?? html`<p class="empty">${t.noPreview}</p>`}</div>
<figcaption>${photo.description && html`<p class="about">${photo.description}</p>`}${
    where && html`<p class="summary">${where}</p>`
  }</figcaption></figure>
<p class="actions">${arrow(previous, 'prev', t.previous, icons.previous)}${
    link.allowDownload &&
    html`<a class="button plain" href="${address.ofDownload(photo.id, cursor)}">${icons.download}${t.download}</a>`
  }${arrow(next, 'next', t.next, icons.next)}</p>
`;
}
