// When a reader begins to use the page: what no first screen shows is loaded then.

const SIGNS = [
  "pointermove",
  "pointerdown",
  "click",
  "keydown",
  "wheel",
  "touchstart",
  "scroll",
  "focusin",
  "hashchange",
];
const ANYWAY = 10_000; // milliseconds

/** The parameter of the address with which everything is loaded at once: for programs that print the page. */
export const PRINT = "print";

/**
 * Wait for the first sign of a reader: they move, or print. Without one it is only a matter of time. Return null where
 * nothing is to be waited for.
 */
export function readerMoves() {
  const paper = matchMedia("print");
  if (paper.matches || new URLSearchParams(location.search).has(PRINT)) return null;
  return new Promise((resolve) => {
    const moved = () => {
      for (const sign of SIGNS) removeEventListener(sign, moved, true);
      resolve();
    };
    for (const sign of SIGNS) addEventListener(sign, moved, { capture: true, passive: true });
    paper.addEventListener("change", moved, { once: true });
    addEventListener("beforeprint", moved, { once: true });
    setTimeout(moved, ANYWAY);
  });
}
