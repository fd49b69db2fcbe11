// Which columns a run's ranking needs: computed when a reader asks for it.

import { importanceText, lengthsOf, likeText } from "../../realtime/explanations/explanation_words.js";
import { call, errorText } from "../../realtime/frame/api.js";
import { dataTable } from "../../realtime/frame/data_table.js";
import { el, setText } from "../../realtime/frame/dom.js";
import { count, splitName } from "../../realtime/frame/format.js";

const find = (id) => document.getElementById(id);

class ColumnImportance {
  constructor(form) {
    this.form = form;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#load();
    });
  }

  async #load() {
    const button = this.form.querySelector("button");
    button.disabled = true;
    setText(find("importance-words"), "Shuffling each column…");
    try {
      this.#draw(await call(`${this.form.dataset.api}?split=${find("importance-split").value}`));
    } catch (error) {
      setText(find("importance-words"), errorText(error));
      find("importance-found").replaceChildren();
    }
    button.disabled = false;
  }

  #draw({ columns, others, split, shows, is_not: isNot }) {
    setText(find("importance-words"), shows);
    const lengths = lengthsOf(columns.map(({ mean }) => mean));
    const rows = columns.map((found, at) => [found.column, fall(found, lengths[at]), likeText(found)]);
    const head = ["Column", "Fall of the area under the curve", "Alike"];
    const more = others ? el("p", { class: "muted" }, `${count(others)} more columns were not looked at.`) : null;
    const limits = el("ul", { class: "is-not" }, ...isNot.map((line) => el("li", {}, line)));
    const parts = [dataTable(`Columns, ${splitName(split)}`, head, rows), more, el("h3", {}, "What it is not"), limits];
    find("importance-found").replaceChildren(...parts.filter(Boolean));
  }
}

function fall(found, length) {
  const bar = el("span", { class: "share-bar alone", "aria-hidden": "true" });
  bar.style.setProperty("--length", `${found.mean > 0 ? 100 * length : 0}%`);
  return el("span", { class: "share of-columns" }, bar, el("span", {}, importanceText(found)));
}

const form = find("importance");
if (form) new ColumnImportance(form);
