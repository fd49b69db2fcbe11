// When a reader begins to use the page: what no first screen shows is loaded then.

const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart", "scroll", "focusin", "hashchange"];
const ANYWAY = 10_000; // milliseconds

/** Wait for the first sign of a reader: they move, or print. Without one it is only a matter of time. */
export function readerMoves() {
  return new Promise((resolve) => {
    const moved = () => {
      for (const sign of SIGNS) removeEventListener(sign, moved, true);
      resolve();
    };
    for (const sign of SIGNS) addEventListener(sign, moved, { capture: true, passive: true });
    matchMedia("print").addEventListener("change", moved, { once: true });
    setTimeout(moved, ANYWAY);
  });
}
