// Where the reader was in the list. Kept for each step of the browser's history, as long as the tab lives, and restored
// on the way back.

import { current, focusOn, keyOf, ROWS } from "./keyboard_navigation.js";

const KEPT = "livetrain.places";
const MOST = 50; // steps
const GESTURES = ["wheel", "touchstart", "pointerdown", "keydown"];

// An entry of the browser's history, distinct from others of the same address.
export const newStep = () => ({ step: `${Date.now()}-${Math.random()}` });

export class ScrollPosition {
  #before; // where the reader was, until there is something to go back to

  // `more()`: what else to keep; `onReturn(kept)` promises to bring it back.
  constructor({ more, onReturn }) {
    Object.assign(this, { more, onReturn });
    this.#before = places()[history.state?.step] ?? null;
    this.moved = false; // a reader who has gone on already is not taken back
    for (const kind of GESTURES) addEventListener(kind, () => (this.moved = true), { once: true, passive: true });
    addEventListener("pagehide", () => this.#keep());
  }

  // To be called when rows are shown.
  async restore() {
    const before = this.#before;
    this.#before = null;
    if (!before) return;
    await this.onReturn(before.more);
    if (this.moved) return;
    for (const [i, node] of scrollers().entries()) node.scrollLeft = before.lefts[i] ?? 0;
    const anchor = rows().find((row) => keyOf(row) === before.anchor);
    scrollTo(0, anchor ? scrollY + topOf(anchor) - before.top : before.y); // new runs above it do not matter
    if (before.row && document.activeElement === document.body) focusOn(before.row);
  }

  #keep() {
    const step = history.state?.step;
    if (!step) return;
    const anchor = rows().find((row) => row.getBoundingClientRect().bottom > 0);
    const here = {
      y: scrollY,
      anchor: keyOf(anchor),
      top: anchor && topOf(anchor),
      row: keyOf(current()),
      lefts: scrollers().map((node) => node.scrollLeft),
      more: this.more(),
    };
    const others = Object.entries(places()).filter(([other]) => other !== step);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries([...others, [step, here]].slice(-MOST))));
    } catch {
      // a browser may keep nothing
    }
  }
}

function places() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => row.offsetParent !== null);
const scrollers = () => [...document.querySelectorAll("#shown > .scroll")];
const topOf = (node) => node.getBoundingClientRect().top;
