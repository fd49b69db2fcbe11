// The event log: each event as a sentence, newest first, by kind. Its length is bounded; the API has the whole journal.

import { arrange, el, setText } from "../../frame/dom.js";
import { clock, count, plural } from "../../frame/format.js";
import { eventText } from "./event_text.js";

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

export class EventLog {
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
    this.note.append(this.elided, el("a", { href: journal }, "All events"), " are in the API.");
    const kinds = el("div", { class: "kinds", role: "group", "aria-label": "Kinds of events" }, ...this.buttons);
    container.append(kinds, this.list, this.more, this.note);
  }

  // Replaces all events by these; `counts`: how many of each type there were.
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
        el("span", {}, eventText(event)),
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
