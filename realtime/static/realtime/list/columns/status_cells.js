// The status of a run as cells of a table: status, progress, best value.

import { el, setText } from "../../frame/dom.js";
import { ENDED, epochNumber, known, metricName, STATUS_WORDS } from "../../frame/format.js";
import { metricValue } from "../../frame/metric_text.js";
import { queueEntryOf } from "../../queue/queue_state.js";
import { statusText } from "./status_text.js";

export function statusCells() {
  const [status, text] = [el("span"), el("span")];
  const bar = el("progress", { max: 1, "aria-label": "Share of the training steps done" });
  const nodes = [
    el("td", { "data-label": "Status" }, status),
    el("td", { "data-label": "Progress", class: "wide" }, bar, text),
  ];
  return { status, text, bar, nodes };
}

export function bestCells() {
  const [value, monitor] = [el("span"), el("span")];
  return { value, monitor, node: el("td", { class: "number best-value", "data-label": "Best" }, value, monitor) };
}

// `cells`: what `statusCells()` has made, `best`: what `bestCells()` has made.
export function fillStatusCells({ cells, best }, run) {
  const { status, progress } = run;
  cells.status.className = `pill ${status}`;
  setText(cells.status, STATUS_WORDS[status]);
  cells.bar.hidden = ENDED.has(status) || status === "queued";
  cells.bar.value = progress.fraction ?? 0;
  setText(cells.text, statusText(run, queueEntryOf(run.id)));
  setText(best.value, metricValue(run.monitor, run.best.value));
  const monitor = metricName(run.monitor).replace("validation", "val");
  setText(best.monitor, known(run.best.epoch) ? `${monitor}, epoch ${epochNumber(run.best.epoch)}` : "");
}
