// When to draw: at once while the page is calm, for a bounded share of the time while it is busy, rarely while hidden.

const SHARE = 0.15; // of the time at most, for drawing
const LONGEST = 1000; // milliseconds between two drawings, however long one takes
const HIDDEN = 2000;

export class DrawScheduler {
  /** @type {ReturnType<typeof setTimeout> | null} */
  #waiting = null;
  #endedAt = 0;
  #took = 0;

  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
  }

  /** Draw as soon as it is time; many requests make one drawing. */
  requestDraw() {
    if (this.#waiting !== null) return;
    const rest = document.hidden ? HIDDEN : Math.min(LONGEST, this.#took / SHARE);
    const wait = Math.max(0, this.#endedAt + rest - performance.now());
    const turn = () => (document.hidden ? this.drawNow() : requestAnimationFrame(() => this.drawNow()));
    this.#waiting = setTimeout(turn, wait);
    if (!wait && !document.hidden) {
      clearTimeout(this.#waiting);
      turn();
    }
  }

  drawNow() {
    if (this.#waiting !== null) clearTimeout(this.#waiting);
    this.#waiting = null;
    const began = performance.now();
    this.draw();
    this.#endedAt = performance.now();
    // Charts draw themselves when this turn is over, and then the browser paints: both count too.
    setTimeout(() => {
      this.#endedAt = performance.now();
      this.#took = 0.5 * this.#took + 0.5 * (this.#endedAt - began);
    });
  }
}
