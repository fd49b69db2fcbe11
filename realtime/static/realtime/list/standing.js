// Where a run stands, as cells of a table: status, progress, best value.

import { el, setText } from "../frame/dom.js";
import { count, ENDED, known, metricName, number, percent, plural, remaining, STATUS_WORDS } from "../frame/format.js";
import { placeOf, waitingWords } from "../queue/waiting.js";

export function stateCells() {
  const [status, words] = [el("span"), el("span")];
  const bar = el("progress", { max: 1, "aria-label": "Share of the training steps done" });
  return {
    status,
    words,
    bar,
    nodes: [
      el("td", { "data-label": "Status" }, status),
      el("td", { "data-label": "Progress", class: "wide" }, bar, words),
    ],
  };
}

export function bestCells() {
  const [value, monitor] = [el("span"), el("span")];
  return { value, monitor, node: el("td", { class: "number best-value", "data-label": "Best" }, value, monitor) };
}

export function fillState({ standing, best }, run) {
  const { status, progress } = run;
  standing.status.className = `pill ${status}`;
  setText(standing.status, STATUS_WORDS[status]);
  standing.bar.hidden = ENDED.has(status) || status === "queued";
  standing.bar.value = progress.fraction ?? 0;
  setText(standing.words, words({ ...run, waiting: waits(run) }, progress));
  setText(best.value, number(run.best.value));
  setText(
    best.monitor,
    known(run.best.epoch) ? `${metricName(run.monitor).replace("validation", "val")}, epoch ${run.best.epoch}` : "",
  );
}

function waits(run) {
  if (run.status !== "queued") return "";
  const {
    queue_position: queuePosition,
    estimated_start: estimatedStart,
    waits_for: waitsFor,
  } = placeOf(run.id) ?? run;
  return [waitingWords({ queuePosition, estimatedStart, waitsFor }), run.reason].filter(Boolean).join(" · ");
}

function words({ status, reason, waiting }, { fraction, epoch, max_epochs: most, eta_seconds: eta }) {
  if (status === "queued") return waiting;
  if (ENDED.has(status)) return reason ?? (known(epoch) ? `${count(epoch + 1)} of ${plural(most, "epoch")}` : "");
  if (epoch === null) return "Preparing data and model";
  const left = known(eta) ? ` · ${remaining(eta)}` : "";
  return `${percent(fraction, 0)} of ${plural(most, "epoch")}${left}`;
}
