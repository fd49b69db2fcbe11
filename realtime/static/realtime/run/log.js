// The event log: each event as a sentence, newest first, by kind. Bounded; the journal itself is in the API.

import { arrange, el, setText } from "../frame/dom.js";
import {
  bytes,
  clock,
  count,
  duration,
  known,
  metricName,
  number,
  percent,
  plural,
  remaining,
  splitName,
  STATUS_WORDS,
  tick,
} from "../frame/format.js";

const MOST_EVENTS = 1000; // of each kind
const ROWS = 100;
const KINDS = {
  Status: ["run_status", "training_start", "early_stopping", "training_end"],
  Results: ["final_stats"],
  Epochs: ["epoch_end"],
  "Learning rate": ["lr_update"],
  Batches: ["batch_metrics"],
  Gradients: ["gradient_stats"],
  Progress: ["progress"],
  Machine: ["resource_usage"],
};
const SHOWN_AT_FIRST = ["Status", "Results", "Epochs", "Learning rate"];
const KIND_OF = Object.fromEntries(Object.entries(KINDS).flatMap(([kind, types]) => types.map((type) => [type, kind])));

const because = (reason) => (reason ? `: ${reason}` : ".");
const values = (pairs) => pairs.map(([name, value]) => `${name} ${value}`).join(", ");

export const sentences = {
  run_status: ({ status, previous, reason, queue_position: position }) =>
    `${STATUS_WORDS[status]}${previous && previous !== status ? ` (was ${STATUS_WORDS[previous].toLowerCase()})` : ""}` +
    (known(position) ? `, number ${position} in the queue` : "") +
    because(reason),
  training_start: ({ max_epochs: epochs, resumed_from_epoch: epoch, dataset, model }) =>
    `Training ${known(epoch) ? `goes on after epoch ${epoch}` : "starts"}: ${model.name} with ${plural(model.parameters, "parameter")} ` +
    `on ${dataset.name}, at most ${plural(epochs, "epoch")}.`,
  batch_metrics: ({ epoch, batch_idx: batch, loss, accuracy, recall, f1 }) =>
    `Epoch ${epoch}, batch ${batch}: ${values([
      ["loss", number(loss)],
      ["accuracy", number(accuracy)],
      ["recall", number(recall)],
      ["F1", number(f1)],
    ])}.`,
  gradient_stats: ({ step, total_norm: total, max_norm: most, min_norm: least, nonfinite }) =>
    `Step ${step}: gradient norm ${number(total)}, layer groups ${number(least)} to ${number(most)}` +
    (nonfinite ? ", not finite." : "."),
  epoch_end: ({ epoch, phase, metrics }) =>
    `Epoch ${epoch}, ${splitName(phase).toLowerCase()}: ${values(shortly(metrics, phase))}.`,
  lr_update: ({ epoch, learning_rate: rate }) =>
    `Learning rate ${known(rate) ? tick(rate) : number(rate)} from epoch ${epoch}.`,
  early_stopping: ({ epoch, patience, monitor, best_metric_value: best, reason }) =>
    `Stopped early after epoch ${epoch}: ${metricName(monitor)} has not improved on ${number(best)} for ${plural(patience, "epoch")}. ${reason}`,
  progress: ({ epoch, batch_idx: batch, batches, samples_per_second: rate, eta_seconds: eta }) =>
    `Epoch ${epoch}, batch ${batch}${known(batches) ? ` of ${batches}` : ""}` +
    `${known(rate) ? `, ${count(Math.round(rate))} samples per second` : ""}${known(eta) ? `, ${remaining(eta)}` : ""}.`,
  resource_usage: ({ cpu_cores: cpu, memory_pss: pss, memory_rss: rss, gpus }) =>
    `The run uses ${known(cpu) ? cpu.toFixed(1) : "–"} processor cores and ${known(pss ?? rss) ? bytes(pss ?? rss) : "–"} of memory` +
    `${gpus.map(({ utilisation }, i) => `, GPU ${i} ${percent(utilisation, 0)}`).join("")}.`,
  final_stats: ({ split, epoch, statistics }) =>
    `${splitName(split)} split, checkpoint of epoch ${epoch}: AUROC ${number(statistics.final_auroc_cm)}, ` +
    `recall ${percent(statistics.final_recall_cm)}, precision ${percent(statistics.final_precision_cm)}.`,
  training_end: ({ status, total_epochs: epochs, duration_seconds: seconds, best_epoch: best, reason }) =>
    `${STATUS_WORDS[status]} after ${plural(epochs, "epoch")} and ${duration(seconds)}` +
    (known(best) ? `, best epoch ${best}` : "") +
    because(reason),
};

function shortly(metrics, phase) {
  const shown = Object.entries(metrics).filter(([name]) => name.startsWith(phase) && !name.includes("_cm_"));
  return shown.map(([name, value]) => [metricName(name).split(" ").slice(1).join(" "), number(value)]);
}

export class Log {
  #kept = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  #total = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 0]));
  #shown = new Set(SHOWN_AT_FIRST);
  #rows = new Map();
  #limit = ROWS;

  constructor(container, journal) {
    this.buttons = Object.keys(KINDS).map((kind) => this.#button(kind));
    this.list = el("ol", { class: "events", tabindex: "0", "aria-label": "Events, newest first" });
    this.more = el("button", { type: "button", hidden: true, click: () => this.#showMore() }, "Show older events");
    this.note = el("p", { class: "note" });
    this.elided = el("span");
    this.note.append(this.elided, el("a", { href: journal }, "The whole journal"), " is in the API.");
    const kinds = el("div", { class: "kinds", role: "group", "aria-label": "Kinds of events" }, ...this.buttons);
    container.append(kinds, this.list, this.more, this.note);
  }

  // Begins anew with these events; `counts`: how many of each type there were.
  restore(events, counts) {
    this.#rows.clear();
    for (const [kind, types] of Object.entries(KINDS)) {
      this.#kept[kind] = [];
      this.#total[kind] = 0;
      for (const type of types)
        this.#total[kind] += (counts[type] ?? 0) - events.filter((event) => event.type === type).length;
    }
    events.forEach((event) => this.add(event));
  }

  add(event) {
    const kind = KIND_OF[event.type];
    if (!kind) return;
    const kept = this.#kept[kind];
    this.#total[kind] += 1;
    kept.push(event);
    if (kept.length > 2 * MOST_EVENTS) kept.splice(0, kept.length - MOST_EVENTS);
  }

  draw() {
    const kinds = [...this.#shown];
    const newest = kinds.flatMap((kind) => this.#kept[kind].slice(-this.#limit - 1)).sort((a, b) => b.seq - a.seq);
    const rows = newest.slice(0, this.#limit).map((event) => this.#row(event));
    arrange(this.list, rows);
    this.#rows = new Map(rows.map((row) => [row.dataset.seq, row]));
    this.more.hidden = newest.length <= this.#limit;
    const elided = kinds.reduce((sum, kind) => sum + this.#total[kind] - this.#kept[kind].length, 0);
    setText(this.elided, elided ? `${plural(elided, "older event")} not kept here. ` : "");
    for (const button of this.buttons) setText(button.lastChild, count(this.#total[button.dataset.kind]));
  }

  #row(event) {
    const seq = String(event.seq);
    return (
      this.#rows.get(seq) ??
      el(
        "li",
        { "data-seq": seq, "data-type": event.type },
        el("time", { datetime: event.timestamp, title: event.timestamp }, clock(event.timestamp)),
        el("span", {}, sentences[event.type](event.data)),
      )
    );
  }

  #button(kind) {
    const pressed = String(this.#shown.has(kind));
    return el(
      "button",
      {
        type: "button",
        class: "kind",
        "data-kind": kind,
        "aria-pressed": pressed,
        click: (event) => this.#toggle(kind, event.currentTarget),
      },
      kind,
      el("span", {}, "0"),
    );
  }

  #toggle(kind, button) {
    const on = !this.#shown.delete(kind);
    if (on) this.#shown.add(kind);
    button.setAttribute("aria-pressed", String(on));
    this.draw();
  }

  #showMore() {
    this.#limit += 2 * ROWS;
    this.draw();
  }
}
