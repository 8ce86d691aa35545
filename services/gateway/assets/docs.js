// Redoc's menu is no landmark, its search field takes no focus, and its headings skip a level. This mends them as they appear
// (WAI-ARIA 1.2).
const viewer = document.querySelector('redoc');

function makeReachable() {
  const menu = viewer.querySelector('.menu-content:not([role])');
  if (menu) {
    menu.setAttribute('role', 'navigation');
    menu.setAttribute('aria-label', 'API');
  }
  for (const heading of viewer.querySelectorAll(':is(h4, h5, h6):not([aria-level])')) {
    heading.setAttribute('aria-level', String(Number(heading.tagName.slice(1)) - 1));
  }
  const search = viewer.querySelector('[data-testid="search-trigger"]:not([role])');
  if (search) {
    search.setAttribute('role', 'button');
    search.tabIndex = 0;
    search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      search.click();
    });
  }
}

new MutationObserver(makeReachable).observe(viewer, { childList: true, subtree: true });
