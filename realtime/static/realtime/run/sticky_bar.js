// The status stays in sight while the page is scrolled; there it gets a class for a more compact look.

/** @param {HTMLElement} bar */
export function makeSticky(bar) {
  const above = document.createElement("div"); // leaves the screen as soon as the bar is held at its edge
  bar.before(above);
  new IntersectionObserver((told) => {
    const { isIntersecting, boundingClientRect } = /** @type {IntersectionObserverEntry} */ (told.at(-1)); // the newest
    bar.classList.toggle("stuck", !isIntersecting && boundingClientRect.top < 0);
  }).observe(above);
}
