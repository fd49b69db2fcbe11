// The errors of a run as pictures, or as rows of its table. Loaded when a run has a final result.

import { fillSelect } from "../../frame/dom.js";
import { splitName, testFirst } from "../../frame/format.js";
import { ErrorGroupView } from "./error_group.js";
import { errorGroups } from "./error_words.js";

const find = (id) => document.getElementById(id);

class ErrorGallery {
  #groups = [];

  constructor() {
    this.root = find("errors");
    this.select = find("errors-split");
    this.select.addEventListener("change", () => this.#show());
  }

  // `saved`: the operating point that decides; null where the run's own threshold does.
  draw(finals, saved) {
    Object.assign(this, { finals, saved });
    const splits = testFirst(finals.keys());
    fillSelect(
      this.select,
      splits.map((split) => [split, splitName(split)]),
    );
    return this.#show();
  }

  #show() {
    const final = this.finals.get(this.select.value);
    for (const group of this.#groups) group.close();
    const { samples } = this.root.dataset;
    this.#groups = errorGroups(final, this.saved).map(
      (group) => new ErrorGroupView(group, { split: this.select.value, samples }),
    );
    find("error-groups").replaceChildren(...this.#groups.map(({ root }) => root));
    return Promise.all(this.#groups.map((one) => one.loadMore()));
  }
}

let gallery = null;
let drawnOf = null;

let pictures = null;

// `key`: what is drawn again only when it changes. Return a function that waits for the first pictures.
export function drawErrors(finals, saved, key) {
  find("errors").hidden = false; // also when it was hidden while the run waited for another attempt
  if (key !== drawnOf) {
    drawnOf = key;
    gallery ??= new ErrorGallery();
    pictures = gallery.draw(finals, saved);
  }
  return () => pictures;
}
