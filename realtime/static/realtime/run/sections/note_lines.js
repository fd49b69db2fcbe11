// Notes on a result stand in one line each, and open. One that fits opens nothing, and is no stop for the keyboard.

const MORE_THAN_ONE = 1.5; // lines

/**
 * Find out which notes fit, whenever they or their room change.
 *
 * @param {HTMLElement} place
 */
export function watchNotes(place) {
  const update = () => {
    for (const summary of /** @type {NodeListOf<HTMLElement>} */ (
      place.querySelectorAll("details:not([open]) > summary")
    ))
      summary.tabIndex = fits(summary) ? -1 : 0;
  };
  place.addEventListener("click", (event) => {
    const summary = /** @type {Element} */ (event.target).closest("summary");
    if (summary?.tabIndex === -1) event.preventDefault();
  });
  place.addEventListener("toggle", update, true);
  new ResizeObserver(update).observe(place);
  new MutationObserver(update).observe(place, { childList: true });
}

/** @param {HTMLElement} summary */
const fits = (summary) =>
  /** @type {HTMLElement} */ (summary.firstElementChild).offsetHeight < MORE_THAN_ONE * summary.offsetHeight;
