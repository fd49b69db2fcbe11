// The errors of a run as pictures, or as rows of its table. Loaded when a run has a final result; where the server
// wrote what that is, the first ones are there before the rest of the page is drawn.

import { fillSelect } from "../../frame/dom.js";
import { splitName, testFirst } from "../../frame/format.js";
import { ErrorGroupView } from "./error_group.js";
import { errorGroups } from "./error_words.js";

const find = (id) => document.getElementById(id);

class ErrorGallery {
  #groups = [];
  #shown = ""; // what is drawn again only when it changes

  constructor() {
    this.root = find("errors");
    this.select = find("errors-split");
    this.select.addEventListener("change", () => this.#show());
  }

  // `saved`: the operating point that decides; null where the run's own threshold does.
  draw({ finals, saved, attempt }) {
    Object.assign(this, { finals, saved, attempt });
    const splits = testFirst(finals.keys());
    fillSelect(
      this.select,
      splits.map((split) => [split, splitName(split)]),
    );
    this.#show();
  }

  #show() {
    const split = this.select.value;
    const groups = errorGroups(this.finals.get(split), this.saved);
    const shown = JSON.stringify([this.attempt, this.saved?.at, split, groups]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const group of this.#groups) group.close();
    const { samples } = this.root.dataset;
    this.#groups = groups.map((group) => new ErrorGroupView(group, { split, samples }));
    find("error-groups").replaceChildren(...this.#groups.map(({ root }) => root));
    this.pictures = Promise.all(this.#groups.map((one) => one.loadMore()));
  }
}

let gallery = null;

// Return a function that waits for the first pictures.
export function drawErrors(result) {
  find("errors").hidden = false; // also when it was hidden while the run waited for another attempt
  gallery ??= new ErrorGallery();
  gallery.draw(result);
  return () => gallery.pictures;
}

const written = find("first-errors");
if (written) {
  const { final, ...more } = JSON.parse(written.textContent);
  drawErrors({ finals: new Map([[final.split, final]]), ...more });
}
