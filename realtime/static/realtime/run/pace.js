// When to draw: at once while the page is calm, at a bounded share of the time while it is busy, hardly ever where nobody looks.

const SHARE = 0.15; // of the time at most, for drawing
const LONGEST = 1000; // milliseconds between two drawings, however long one takes
const HIDDEN = 2000;

export class Pace {
  #waiting = null;
  #endedAt = 0;
  #took = 0;

  constructor(draw) {
    this.draw = draw;
  }

  // As soon as it is its turn; many wishes make one drawing.
  wish() {
    if (this.#waiting) return;
    const rest = document.hidden ? HIDDEN : Math.min(LONGEST, this.#took / SHARE);
    const wait = Math.max(0, this.#endedAt + rest - performance.now());
    const turn = () => (document.hidden ? this.now() : requestAnimationFrame(() => this.now()));
    this.#waiting = setTimeout(turn, wait);
    if (!wait && !document.hidden) {
      clearTimeout(this.#waiting);
      turn();
    }
  }

  now() {
    clearTimeout(this.#waiting);
    this.#waiting = null;
    const began = performance.now();
    this.draw();
    this.#endedAt = performance.now();
    // Charts draw themselves when this turn is over, and then the browser paints: what both take counts too.
    setTimeout(() => {
      this.#endedAt = performance.now();
      this.#took = 0.5 * this.#took + 0.5 * (this.#endedAt - began);
    });
  }
}
