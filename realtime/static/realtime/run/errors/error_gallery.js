// The errors of a run as pictures, or as rows of its table. Loaded when a run has a final result.

import { fillSelect } from "../../frame/dom.js";
import { splitName, testFirst } from "../../frame/format.js";
import { ErrorGroupView } from "./error_group.js";
import { errorGroups } from "./error_words.js";

const AHEAD = "3000px"; // below what is seen, where loading begins: a reader who jumps there finds the first ones
const find = (id) => document.getElementById(id);

class ErrorGallery {
  #groups = [];

  constructor() {
    this.root = find("errors");
    this.select = find("errors-split");
    this.select.addEventListener("change", () => this.#show());
    this.observer = new IntersectionObserver((seen) => this.#load(seen), { rootMargin: AHEAD });
  }

  // `saved`: the operating point that decides; null where the run's own threshold does.
  draw(finals, saved) {
    Object.assign(this, { finals, saved });
    const splits = testFirst(finals.keys());
    fillSelect(
      this.select,
      splits.map((split) => [split, splitName(split)]),
    );
    this.#show();
  }

  #show() {
    const final = this.finals.get(this.select.value);
    this.observer.disconnect();
    for (const group of this.#groups) group.close();
    const { samples } = this.root.dataset;
    this.#groups = errorGroups(final, this.saved).map(
      (group) => new ErrorGroupView(group, { split: this.select.value, samples }),
    );
    find("error-groups").replaceChildren(...this.#groups.map(({ root }) => root));
    for (const { root } of this.#groups) this.observer.observe(root);
  }

  #load(seen) {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      this.observer.unobserve(target);
      this.#groups.find(({ root }) => root === target)?.loadMore();
    }
  }
}

let gallery = null;
let drawnOf = null;

// `key`: what is drawn again only when it changes.
export function drawErrors(finals, saved, key) {
  find("errors").hidden = false; // also when it was hidden while the run waited for another attempt
  if (key === drawnOf) return;
  drawnOf = key;
  gallery ??= new ErrorGallery();
  gallery.draw(finals, saved);
}
