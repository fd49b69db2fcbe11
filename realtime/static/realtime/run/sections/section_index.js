// The index of the page's sections: each has an address, which opens it; the one that is read is marked.

import { foldSections, unfold } from "./folded_sections.js";

const LOADED_AFTER = 3000; // milliseconds
const GAP = 12; // pixels below the bar, within which a section counts as reached

export class SectionIndex {
  #asked = false;
  #isOpening = true; // what the address names may still come

  // `bar`: what stays at the top of the screen; `waiting`: a promise for as long as some sections are not loaded.
  constructor(nav, bar, waiting) {
    Object.assign(this, { nav, bar, isWaiting: Boolean(waiting) });
    (waiting ?? Promise.resolve()).then(() => setTimeout(() => this.#stopWaiting(), LOADED_AFTER));
    for (const sign of ["wheel", "touchmove"]) addEventListener(sign, () => (this.isDue = false), { passive: true });
    this.links = [...nav.querySelectorAll("a")];
    foldSections(document.querySelector(".later[data-folds]"));
    addEventListener("hashchange", () => this.reveal());
    addEventListener("scroll", () => this.#askToMark(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(document.body);
    this.draw();
  }

  // Sections come and go with what is known of the run.
  draw() {
    for (const link of this.links)
      link.parentElement.hidden = !isShown(targetOf(link)) && !(this.isWaiting && "later" in link.dataset);
    document.documentElement.style.scrollPaddingTop = `${this.bar.offsetHeight + GAP}px`;
    this.#mark();
    if (this.isDue) this.reveal();
  }

  #stopWaiting() {
    this.isWaiting = this.isDue = this.#isOpening = false;
    this.draw();
  }

  // Show the section that the address names; without one, nothing happens.
  reveal() {
    const link = this.links.find((one) => one.hash === location.hash);
    const target = link && targetOf(link);
    this.isDue = Boolean(link) && this.#isOpening && !isShown(target);
    if (!isShown(target)) return;
    unfold(target);
    if (target.matches("details")) target.open = true;
    target.scrollIntoView({ block: "start" });
    const focused = target.querySelector("h2, summary") ?? target;
    if (!focused.matches("summary")) focused.tabIndex = -1;
    focused.focus({ preventScroll: true });
    this.#mark();
  }

  #askToMark() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#mark();
    });
  }

  #mark() {
    const edge = this.bar.getBoundingClientRect().bottom + 2 * GAP;
    const shown = this.links.filter((link) => isShown(targetOf(link)));
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const reached = shown.filter((link) => targetOf(link).getBoundingClientRect().top <= edge);
    const asked = end && shown.find((link) => link.hash === location.hash); // too near the end to be scrolled to
    const current = asked || reached.at(-1);
    if (current === this.current) return;
    this.current?.removeAttribute("aria-current");
    this.current = current;
    current?.setAttribute("aria-current", "location");
    if (current) this.#keepInSight(current);
  }

  // A narrow screen has not room for all of them.
  #keepInSight(link) {
    const list = this.nav.firstElementChild;
    const [{ left, right }, place] = [link.getBoundingClientRect(), list.getBoundingClientRect()];
    if (left < place.left) list.scrollLeft += left - place.left - GAP;
    else if (right > place.right) list.scrollLeft += right - place.right + GAP;
  }
}

const targetOf = (link) => document.querySelector(link.dataset.shows);
const isOnPage = (node) => Boolean(node?.getClientRects().length && node.offsetHeight > 0);
// What is folded away counts, unless it has nothing to show.
const isShown = (target) => isOnPage(target) || (!target?.hidden && isOnPage(target?.closest("[data-folded]")));
