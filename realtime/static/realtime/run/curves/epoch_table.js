// The table of all epochs, newest first.

import { call } from "../../frame/api.js";
import { el } from "../../frame/dom.js";
import { capital, count, epochNumber, metricName } from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";

const MOST_ROWS = 500;
const POINTS = 4000; // of each curve at most: more than there are rows

// Draws only while `details` is open. `series`: the address of the curves; `onOpen()` when it is opened or closed.
export class EpochTable {
  #completed = 0; // the load of which the last epochs are all here
  #asking = 0; // the load of which they are on their way

  constructor(details, series, onOpen) {
    Object.assign(this, { details, series });
    this.place = details.querySelector(".scroll");
    details.addEventListener("toggle", onOpen);
  }

  draw(state) {
    if (!this.details.open) return;
    const { thinned, loads } = state.epochs;
    if (thinned && this.#completed !== loads) this.#complete(state);
    else this.#drawRows(state);
  }

  // Of a long history each curve came thinned by itself: the last epochs are asked for as they are.
  async #complete(state) {
    const { epochs } = state;
    const load = epochs.loads;
    if (this.#asking === load) return;
    this.#asking = load;
    const [last] = epochs.last(1);
    const query = new URLSearchParams({ name: "epoch/*", by: "epoch", points: POINTS, from: last - MOST_ROWS + 1 });
    try {
      const { series } = await call(`${this.series}?${query}`);
      if (epochs.loads !== load) return;
      epochs.complete(series);
      this.#completed = load;
      this.draw(state);
    } catch {
      // The page's connection says what is wrong.
      this.place.replaceChildren(el("p", { class: "note" }, "Not loaded. Close and open it to try again."));
    } finally {
      if (this.#asking === load) this.#asking = 0;
    }
  }

  #drawRows({ epochs, bestEpoch }) {
    const names = epochs.names();
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, "Epoch"),
      ...names.map((name) => el("th", { scope: "col", class: "number" }, capital(metricName(name)))),
    );
    const body = epochs
      .last(MOST_ROWS)
      .reverse()
      .map((epoch) => {
        const best = epoch === bestEpoch;
        const title = el(
          "th",
          { scope: "row" },
          String(epochNumber(epoch)),
          best ? el("span", { class: "best" }, " best") : null,
        );
        return el(
          "tr",
          { class: best ? "is-best" : null },
          title,
          ...names.map((name) => el("td", { class: "number" }, cellText(name, epochs.value(epoch, name)))),
        );
      });
    const missing =
      epochs.size > MOST_ROWS
        ? el("p", { class: "note" }, `The newest of ${count(epochs.size)} epochs; all are in metrics.csv.`)
        : "";
    const table = el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
    this.place.replaceChildren(table, missing);
  }
}

// A dash stands for a value that is not finite; what an epoch has not reported is blank.
const cellText = (name, value) => (value === undefined ? "" : metricValue(name, value));
