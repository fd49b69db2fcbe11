// The page of suspected label errors.

import { call, errorText } from "../frame/api.js";
import { dataTable } from "../frame/data_table.js";
import { el, setText } from "../frame/dom.js";
import { score, UNKNOWN } from "../frame/format.js";
import { contradicted, listWords } from "./label_words.js";

const HEAD = ["Sample", "Patient", "Given label", "Suggested", "Suspicion", "Runs that contradict", "Look"];
const find = (id) => document.getElementById(id);

class LabelErrors {
  #page = 0;
  #rows = [];

  constructor() {
    this.list = find("label-list");
    this.more = find("label-more");
    this.more.addEventListener("click", () => this.load());
    const chosen = new URLSearchParams(location.search);
    this.query = new URLSearchParams(
      ["runs", "group"].filter((name) => chosen.get(name)).map((n) => [n, chosen.get(n)]),
    );
  }

  // Without runs there is nothing to list.
  begin() {
    find("label-parts").hidden = !this.query.size;
    find("label-none").hidden = Boolean(this.query.size);
    if (this.query.size) this.load();
  }

  async load() {
    this.more.hidden = true;
    try {
      const found = await call(
        `${this.list.dataset.address}?${new URLSearchParams([...this.query, ["page", this.#page + 1]])}`,
      );
      this.#page = found.page;
      this.#rows.push(...found.results.map(shown));
      this.#draw(found);
    } catch (error) {
      setText(find("label-words"), errorText(error));
      this.more.hidden = this.#page === 0;
    }
    document.documentElement.dataset.settled = ""; // all has its place
  }

  #draw(found) {
    setText(find("label-note"), found.note);
    find("label-note").hidden = false;
    setText(find("label-words"), listWords(found, this.#rows.length));
    find("label-export").search = this.query;
    find("label-export").hidden = !found.total;
    this.more.hidden = found.page >= found.pages;
    const rows = this.#rows.map((row) => [
      row.sample_id,
      row.patient_id ?? UNKNOWN,
      row.given_label,
      row.suggested_label,
      score(row.suspicion),
      contradicted(row),
      el("button", { type: "button", "aria-label": `Look at ${row.sample_id}`, click: () => this.#open(row) }, "Look"),
    ]);
    this.list.replaceChildren(...(rows.length ? [dataTable("Suspected label errors", HEAD, rows)] : []));
    find("label-runs").replaceChildren(...found.runs.map(runLine));
  }

  async #open(row) {
    const { openPicture } = await import("../run/errors/picture_dialog.js");
    openPicture(row, { samples: this.#rows, frames: new Map() });
  }
}

// The row with what the dialog shows of it. The browser keeps a picture: another attempt's has another address.
function shown(row) {
  const query = new URLSearchParams({ split: row.split, size: "large", attempt: row.attempt });
  const address = `/api/runs/${row.run_id}/final-samples/${row.place}/picture/?${query}`;
  return { ...row, class: row.given_label, predicted: row.suggested_label, score: 1 - row.suspicion, address };
}

const runLine = ({ id, name, problem }) =>
  el("li", {}, el("a", { href: `/runs/${id}/` }, `${id}: ${name}`), problem ? ` Not used: ${problem}` : null);

new LabelErrors().begin();
