// What the run is doing, in words: status, progress, best values; also in the tab's title and icon.

import { arrange, el, setText } from "../frame/dom.js";
import {
  count,
  dateTime,
  duration,
  ENDED,
  known,
  metricName,
  number,
  plural,
  remaining,
  STATUS_WORDS,
  UNKNOWN,
} from "../frame/format.js";
import { waitingWords } from "../queue/waiting.js";

const ICON_COLOURS = {
  queued: "#7a8494",
  in_progress: "#2557d6",
  cancelling: "#b86e00",
  completed: "#1a7f4b",
  failed: "#c62f36",
  cancelled: "#7a8494",
};
const TITLE_MARKS = { completed: "✓", failed: "✕", cancelled: "–", queued: "…", cancelling: "…" };

export class Header {
  constructor(name) {
    this.name = name;
    const find = (id) => document.getElementById(id);
    [this.pill, this.doing, this.bar, this.facts, this.notices, this.icon] = [
      "status",
      "doing",
      "progress",
      "facts",
      "notices",
      "favicon",
    ].map(find);
    this.values = new Map();
  }

  draw(state) {
    const share = shareDone(state);
    this.pill.className = `pill ${state.status}`;
    setText(this.pill, STATUS_WORDS[state.status]);
    setText(this.doing, doing(state));
    this.bar.hidden = ENDED.has(state.status) || (state.status === "queued" && !share);
    if (known(share)) this.bar.value = share;
    else this.bar.removeAttribute("value");
    this.#drawFacts(state);
    this.#drawNotices(state);
    this.#drawTab(state, share);
  }

  #drawFacts(state) {
    for (const [name, value, detail] of facts(state)) {
      const fact = this.values.get(name) ?? this.#newFact(name);
      setText(fact.value, value);
      setText(fact.detail, detail ?? "");
      fact.node.hidden = value === UNKNOWN && (ENDED.has(state.status) || state.status === "queued"); // says nothing, and will not soon
    }
  }

  #newFact(name) {
    const [value, detail] = [el("b"), el("span")];
    const fact = { value, detail, node: el("div", {}, el("dt", {}, name), el("dd", {}, value, detail)) };
    this.values.set(name, fact);
    this.facts.append(fact.node);
    return fact;
  }

  #drawNotices({ status, reason, notes, files }) {
    const wanted = notes.filter(({ text }) => text !== reason).map(({ text }) => ["warning", text]);
    if (reason && status !== "in_progress") wanted.unshift([status === "failed" ? "failed" : "info", reason]);
    const key = JSON.stringify(wanted);
    if (key === this.noticed) return;
    this.noticed = key;
    arrange(
      this.notices,
      wanted.map(([kind, text]) => notice(kind, text, files)),
    );
  }

  #drawTab({ status, deleted }, share) {
    const running = status === "in_progress";
    const mark = running ? (known(share) ? `${Math.floor(100 * share)} %` : "…") : TITLE_MARKS[status];
    const title = `${deleted ? "Deleted:" : mark} ${this.name} · Livetrain`;
    if (document.title === title) return;
    document.title = title;
    this.icon.href = icon(ICON_COLOURS[status], running ? (share ?? 0) : 1);
  }
}

function notice(kind, text, files) {
  const log = kind === "failed" ? el("a", { href: `${files}train.log` }, "Full log") : null;
  return el("div", { class: `notice ${kind}`, role: kind === "failed" ? "alert" : null }, el("span", {}, text), log);
}

export function shareDone({ progress, epochsDone, maxEpochs }) {
  if (progress?.total_steps) return Math.min(1, progress.step / progress.total_steps);
  if (known(progress?.fraction)) return progress.fraction;
  return epochsDone ? Math.min(1, epochsDone / maxEpochs) : null;
}

export function doing(state) {
  const { status, progress, epochsDone, maxEpochs } = state;
  if (status === "queued") return waitingWords(state);
  const epochs = `${count(epochsDone)} of ${plural(maxEpochs, "epoch")} done`;
  if (ENDED.has(status)) return `${epochs}${known(state.duration) ? ` in ${duration(state.duration)}` : ""}`;
  if (!progress && !epochsDone) return "Preparing data and model";
  const parts = [epochs];
  if (status === "in_progress" && state.stopRequest === "finish")
    return `${epochs} · finishing early: evaluating the best one`;
  if (known(progress?.batches)) parts.push(`batch ${count(progress.batch_idx + 1)} of ${count(progress.batches)}`);
  if (known(progress?.samples_per_second)) parts.push(`${count(Math.round(progress.samples_per_second))} samples/s`);
  if (known(progress?.eta_seconds)) parts.push(remaining(progress.eta_seconds));
  return parts.join(" · ");
}

function facts({ best, monitor, status, duration: total, elapsed, startTime, attempt, dataset, model, asked }) {
  const epoch = (value) => (known(value) ? `epoch ${value}` : "");
  const headline =
    monitor === "val_loss"
      ? []
      : [[`Best ${metricName(monitor).replace("validation", "val")}`, number(best.value), epoch(best.epoch)]];
  const recall =
    monitor === "val_recall" ? [] : [["Best val recall", number(best.val_recall), epoch(best.val_recall_epoch)]];
  return [
    ...headline,
    ...recall,
    ["Best val loss", number(best.val_loss), epoch(best.val_loss_epoch)],
    ["Duration", duration(ENDED.has(status) ? total : elapsed), ""],
    ["Started", startTime ? dateTime(startTime).slice(11) : UNKNOWN, startTime ? dateTime(startTime).slice(0, 10) : ""],
    ["Attempt", attempt ? count(attempt) : UNKNOWN, attempt > 1 ? "resumed" : ""],
    [
      "Data",
      dataset?.name ?? asked.data,
      dataset
        ? Object.entries(dataset.sizes)
            .map(([split, size]) => `${count(size)} ${split}`)
            .join(" · ")
        : "",
    ],
    [
      "Model",
      model?.name ?? (asked.model === "auto" ? "by the data" : asked.model),
      model ? plural(model.parameters, "parameter") : "",
    ],
  ];
}

// A disc that fills as the run goes on.
function icon(colour, share) {
  const length = 2 * Math.PI * 11;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="${share < 1 ? 5 : 13}" fill="${colour}"/><circle cx="16" cy="16" r="11" fill="none" stroke="${colour}" stroke-opacity=".3" stroke-width="5"/><circle cx="16" cy="16" r="11" fill="none" stroke="${colour}" stroke-width="5" stroke-dasharray="${share * length} ${length}" transform="rotate(-90 16 16)"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
