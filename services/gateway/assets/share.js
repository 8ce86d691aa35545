// Makes the pages of a share link more comfortable. Without it everything works, too: a photo has a page of its own, and the list
// has pages.
const grid = document.querySelector('.grid');
const frame = document.querySelector('.frame');
const viewer = document.querySelector('.viewer');
/** Pictures that cannot be loaded do not make the script ask again and again. */
const RENEWAL_PAUSE_MS = 20_000;
/** How often a picture that does not load is tried again. */
const MAX_TRIES = 3;

/**
 * Pages are asked for as they are, and read like the first one. Their style sheets are taken out beforehand: the policy of this
 * page knows no hash of theirs.
 */
async function readPage(address) {
  const response = await fetch(address, { cache: 'no-store', headers: { 'X-Requested-With': 'fetch' } });
  const styles = [];
  const text = (await response.text()).replace(/<style>([^<]*)<\/style>/g, (_, style) => {
    styles.push(style);
    return '';
  });
  const page = new DOMParser().parseFromString(text, 'text/html');
  if (response.ok && page.querySelector('.grid, .frame')) return { page, looks: styles.at(-1) };
  // The link has been withdrawn, or locked: the visitor shall see that.
  if (response.ok || response.status === 404) location.reload();
  throw new Error(`${address}: ${response.status}`);
}

// --- Placeholders: the blurred photo, until the photo is there.

function drawPlaceholder(link) {
  const image = link.querySelector('img');
  if (!link.dataset.hash || !image || (image.complete && image.naturalWidth > 0)) return;
  const { w, h, rgba } = thumbHashToRGBA(
    Uint8Array.from(atob(link.dataset.hash), (byte) => byte.charCodeAt(0)),
  );
  const canvas = document.createElement('canvas');
  canvas.width = w;
  canvas.height = h;
  canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(rgba), w, h), 0, 0);
  image.before(canvas);
  image.classList.add('loading');
  image.addEventListener('load', () => image.classList.remove('loading'), { once: true });
}

// --- The list: which page of it each photo came on, and more of it as one scrolls.

const linksOf = (root) => [...root.querySelectorAll('.grid a')];
let links = linksOf(document);
const pageOf = new Map(links.map((link) => [link, location.href]));
let loading;

/** Style sheets that a script makes are no inline styles, so the policy allows them. */
function adoptLooks(looks) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(looks);
  document.adoptedStyleSheets.push(sheet);
}

async function appendPage(more) {
  const address = more.querySelector('a').href;
  const { page, looks } = await readPage(address);
  adoptLooks(looks);
  const fresh = linksOf(page);
  for (const link of fresh) {
    grid.append(document.adoptNode(link.closest('li')));
    pageOf.set(link, address);
    drawPlaceholder(link);
  }
  links = [...links, ...fresh];
  const next = page.querySelector('.more');
  if (next) more.replaceChildren(...next.children);
  else more.remove();
  return fresh;
}

/** Resolves with the links of the photos that were added; with none where the list has ended. */
function loadMore() {
  const more = document.querySelector('.more');
  if (!more) return Promise.resolve([]);
  loading ??= appendPage(more).finally(() => {
    loading = undefined;
  });
  return loading;
}

function watchEndOfList(more) {
  const watch = new IntersectionObserver(
    async ([entry]) => {
      if (!entry.isIntersecting || !more.isConnected) return;
      watch.unobserve(more);
      // After a fault the link is still there to click.
      if (await loadMore().catch(() => undefined)) watch.observe(more);
    },
    { rootMargin: '1200px' },
  );
  watch.observe(more);
  more.addEventListener('click', async (event) => {
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const [first] = await loadMore().catch(() => [location.assign(link.href)]);
    first?.focus();
  });
}

// --- URLs of pictures end after some minutes: when one does not load, its page is asked for again.

const renewals = new Map();

async function renewPage(address) {
  const { page } = await readPage(address);
  const fresh = new Map(
    linksOf(page).map((link) => [link.getAttribute('href'), link.querySelector('img')?.srcset]),
  );
  for (const link of links) {
    const srcset = fresh.get(link.getAttribute('href'));
    const image = link.querySelector('img');
    if (srcset && image && pageOf.get(link) === address) image.srcset = srcset;
  }
  const single = page.querySelector('.frame img');
  if (single && frame) frame.querySelector('img').srcset = single.srcset;
}

/** Resolves with whether the URLs were renewed by now. */
function renew(address) {
  const last = renewals.get(address);
  if (last && Date.now() - last.at < RENEWAL_PAUSE_MS) return last.done;
  const done = renewPage(address).then(
    () => true,
    () => false,
  );
  renewals.set(address, { at: Date.now(), done });
  return done;
}

const isBroken = (image) => image.complete && image.currentSrc && image.naturalWidth === 0;

const triesOf = new WeakMap();

async function renewPicture(image) {
  const link = image.closest('.grid a');
  const address = link ? pageOf.get(link) : frame?.contains(image) && location.href;
  const tries = triesOf.get(image) ?? 0;
  if (!address || tries === MAX_TRIES) return;
  triesOf.set(image, tries + 1);
  // A picture that fails when its page has just been renewed waits for the next renewal, unless that one has helped.
  const last = renewals.get(address);
  if (last) await new Promise((resolve) => setTimeout(resolve, last.at + RENEWAL_PAUSE_MS - Date.now()));
  if (!last || isBroken(image)) renew(address);
}

// --- The lightbox.

const part = (selector) => viewer.querySelector(selector);
let current = -1;

const mediumOf = (link) => {
  const [, medium] = (link.querySelector('img')?.srcset ?? '').split(', ');
  return medium?.split(' ')[0];
};

function preload(index) {
  const url = links[index] && mediumOf(links[index]);
  if (url) new Image().src = url;
}

function largeImage(link) {
  const small = link.querySelector('img');
  const image = new Image(small.width, small.height);
  // Attributes, not the size in the grid.
  image.width = small.getAttribute('width');
  image.height = small.getAttribute('height');
  image.alt = small.alt;
  image.draggable = false;
  if (small.complete && small.naturalWidth > 0) image.style.backgroundImage = `url("${small.currentSrc}")`;
  image.addEventListener(
    'error',
    async () => {
      if (await renew(pageOf.get(link))) image.src = mediumOf(link);
    },
    { once: true },
  );
  image.src = mediumOf(link);
  return image;
}

/** The beginning of the description, with a link to the photo's own page where there is more of it. */
function showCaption(link) {
  const { text, cut, info } = link.dataset;
  const caption = text || (text === '' && link.querySelector('img')?.alt);
  part('figcaption span').textContent = [caption, info].filter(Boolean).join('\n');
  const whole = part('figcaption a');
  whole.hidden = cut === undefined;
  whole.href = link.href;
}

function show(index) {
  const link = links[index];
  if (!link) return;
  current = index;
  const picture = link.querySelector('img') ? largeImage(link) : link.querySelector('span').cloneNode(true);
  part('.stage').replaceChildren(picture);
  part('.stage').style.transform = '';
  showCaption(link);
  part('.count').textContent = `${index + 1} / ${Math.max(links.length, Number(grid.dataset.total))}`;
  part('.previous').hidden = index === 0;
  part('.next').hidden = index === links.length - 1 && !document.querySelector('.more');
  const download = part('.download');
  if (download) download.href = `${link.getAttribute('href')}&download=1`;
  preload(index + 1);
  preload(index - 1);
  if (index >= links.length - 8) loadMore().catch(() => undefined);
}

async function step(by) {
  const index = current + by;
  if (index >= links.length) await loadMore().catch(() => undefined);
  if (!viewer.open || !links[index]) return;
  // A button that vanishes loses the focus: the other one gets it.
  const hadFocus = document.activeElement;
  show(index);
  if (hadFocus?.hidden) part(by > 0 ? '.previous' : '.next').focus();
  history.replaceState({ viewer: true }, '', links[index].href);
}

function open(link) {
  show(links.indexOf(link));
  viewer.showModal();
}

/** However it was closed: by its button, Escape, a swipe or the back button, which has left its entry already. */
function onClosed() {
  part('.stage').replaceChildren();
  if (history.state?.viewer) history.back();
  links[current]?.scrollIntoView({ block: 'nearest' });
  links[current]?.focus({ preventScroll: true });
}

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'ArrowLeft') void step(-1);
  else if (event.key === 'ArrowRight') void step(1);
}

// --- Swipes: sideways to the next photo, down to the list. Two fingers zoom, which is the browser's.

function listenToSwipes(stage) {
  let start;
  const end = () => {
    start = undefined;
    stage.classList.add('settling');
    stage.style.transform = '';
  };
  const isZoomed = () => (visualViewport?.scale ?? 1) > 1.01;
  visualViewport?.addEventListener('resize', () => stage.classList.toggle('zoomed', isZoomed()));
  stage.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.pointerType === 'mouse' || isZoomed()) return end();
    stage.classList.remove('settling');
    start = { x: event.clientX, y: event.clientY };
  });
  stage.addEventListener('pointermove', (event) => {
    if (!start || !event.isPrimary) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    stage.style.transform =
      Math.abs(x) > Math.abs(y) ? `translateX(${x}px)` : `translateY(${Math.max(0, y)}px)`;
  });
  stage.addEventListener('pointerup', (event) => {
    if (!start || !event.isPrimary) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    end();
    if (Math.abs(x) > 50 && Math.abs(x) > Math.abs(y)) void step(x < 0 ? 1 : -1);
    else if (y > 90) viewer.close();
  });
  stage.addEventListener('pointercancel', end);
}

function startViewer() {
  grid.addEventListener('click', (event) => {
    const link = event.target.closest('a');
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    history.pushState({ viewer: true }, '', link.href);
    open(link);
  });
  addEventListener('popstate', () => {
    if (!history.state?.viewer) return viewer.open && viewer.close();
    const link = links.find(({ href }) => href === location.href);
    if (link && !viewer.open) open(link);
  });
  part('.close').addEventListener('click', () => viewer.close());
  part('.previous').addEventListener('click', () => step(-1));
  part('.next').addEventListener('click', () => step(1));
  viewer.addEventListener('keydown', onKey);
  viewer.addEventListener('close', onClosed);
  listenToSwipes(part('.stage'));
}

addEventListener('error', ({ target }) => target instanceof HTMLImageElement && renewPicture(target), true);
addEventListener('load', ({ target }) => triesOf.delete(target), true);
for (const image of document.images) if (isBroken(image)) void renewPicture(image);
for (const link of links) drawPlaceholder(link);
const more = document.querySelector('.more');
if (more) watchEndOfList(more);
if (viewer && grid) startViewer();
// A photo of the lightbox that was loaded anew is a page without a grid: going back must bring the list.
else addEventListener('popstate', () => location.reload());
