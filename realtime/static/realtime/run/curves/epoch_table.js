// The table of all epochs, newest first.

import { el } from "../../frame/dom.js";
import { capital, count, epochNumber, metricName } from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";

const MOST_ROWS = 500;

// Draws only while `details` is open; `onOpen()` when it is opened or closed.
export class EpochTable {
  constructor(details, onOpen) {
    this.details = details;
    details.addEventListener("toggle", onOpen);
  }

  draw({ epochs, bestEpoch }) {
    if (!this.details.open) return;
    const names = epochs.names();
    const rows = epochs.epochs();
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, "Epoch"),
      ...names.map((name) => el("th", { scope: "col", class: "number" }, capital(metricName(name)))),
    );
    const body = rows
      .slice(-MOST_ROWS)
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
          ...names.map((name) => el("td", { class: "number" }, metricValue(name, epochs.value(epoch, name)))),
        );
      });
    const missing =
      epochs.size > MOST_ROWS
        ? el("p", { class: "note" }, `The newest of ${count(epochs.size)} epochs; all are in metrics.csv.`)
        : "";
    const table = el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
    this.details.querySelector(".scroll").replaceChildren(table, missing);
  }
}
