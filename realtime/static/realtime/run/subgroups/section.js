// The final result told apart by groups of samples. Loaded when a run has them, asked for when they are seen.

import { call, errorText } from "../../frame/api.js";
import { arrange, el, fillSelect, setText } from "../../frame/dom.js";
import { splitName, splitTitle, testFirst } from "../../frame/format.js";
import { pText } from "../../frame/signed_text.js";
import { withRoles } from "../../frame/table_roles.js";
import { forestRow } from "./forest.js";
import {
  columnChoices,
  decidesText,
  differenceText,
  estimateText,
  METRICS,
  otherNumbers,
  range,
  rangeTexts,
  sizes,
} from "./subgroup_text.js";

const find = (id) => document.getElementById(id);
const MANY = ["accuracy"];

class Subgroups {
  #asked = 0; // requests; the answer to an older one is dropped
  #seen = false; // a reader has come to the section

  constructor(section) {
    this.address = section.dataset.address;
    for (const id of ["split", "by", "metric"]) this.#select(id).addEventListener("change", () => this.#load());
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      this.#seen = true;
      this.#load();
    }).observe(section);
  }

  // A new evaluation, or another operating point: who has seen the groups sees the new ones.
  draw(finals) {
    this.finals = finals;
    const splits = testFirst(finals.keys());
    fillSelect(
      this.#select("split"),
      splits.map((split) => [split, splitName(split)]),
    );
    const two = [...finals.values()].every(({ class_names: names }) => names.length === 2);
    fillSelect(
      this.#select("metric"),
      (two ? Object.keys(METRICS) : MANY).map((metric) => [metric, METRICS[metric][1]]),
    );
    if (this.#seen) this.#load();
  }

  #select(name) {
    return find(`subgroups-${name}`);
  }

  #query() {
    const query = new URLSearchParams({ split: this.#select("split").value, metric: this.#select("metric").value });
    const [by, second] = JSON.parse(this.#select("by").value || "[]");
    if (by) query.set("by", by);
    if (second) query.set("second", second);
    return query;
  }

  async #load() {
    const asked = ++this.#asked;
    const query = this.#query();
    setText(find("subgroups-verdict"), "Comparing the groups …");
    try {
      const told = await call(`${this.address}?${query}`);
      if (asked === this.#asked) this.#show(told, query);
    } catch (error) {
      if (asked === this.#asked) setText(find("subgroups-verdict"), errorText(error));
    }
  }

  #show(told, query) {
    setText(find("subgroups-verdict"), told.problem ?? told.verdict);
    setText(find("subgroups-decides"), decidesText(told));
    if (told.kept.length) fillSelect(this.#select("by"), columnChoices(told.kept));
    const file = find("subgroups-file");
    file.hidden = Boolean(told.problem);
    query.set("file", "csv");
    file.href = `${this.address}?${query}`;
    arrange(find("subgroups-table"), told.groups.length ? [withRoles(this.#table(told))] : []);
  }

  #table(told) {
    const { groups, metric } = told;
    const [name, title] = METRICS[metric];
    const whole = this.finals.get(told.split)?.statistics[name];
    const shown = range(groups, metric, whole);
    const others = otherNumbers(groups, metric);
    const many = groups.every(({ positives }) => positives === null);
    const head = [
      "Group",
      el("span", {}, title, el("small", {}, ...rangeTexts(shown).map((end) => el("span", {}, end)))),
      `${title} (95 % CI)`,
      "Difference from the others",
      "p (Holm)",
      "Samples",
      ...(many ? [] : ["Positives"]),
      "Patients",
      ...others.map((other) => other.title),
    ];
    const labels = head.slice(2);
    const row = (group, place) => this.#row(group, { told, place, whole, shown, others, many, labels });
    return el(
      "table",
      {},
      el("caption", {}, `Groups, ${splitTitle(told.split)}`),
      el(
        "thead",
        {},
        el("tr", {}, ...head.map((cell, at) => el("th", { scope: "col", class: at > 1 ? "number" : null }, cell))),
      ),
      ...columnsOf(groups).map((column) =>
        el(
          "tbody",
          {},
          el("tr", { class: "column" }, el("th", { scope: "rowgroup", colspan: head.length }, el("span", {}, column))),
          ...groups.flatMap((group, place) => (group.column === column ? [row(group, place)] : [])),
        ),
      ),
    );
  }

  #row(group, { told, place, whole, shown, others, many, labels }) {
    const [samples, positives, patients] = sizes(group);
    const mark = place === told.worst ? el("b", { class: "mark worst" }, "worst") : null;
    const cells = [samples, ...(many ? [] : [positives]), patients];
    const name = METRICS[told.metric][0];
    const number = (text, at) => el("td", { class: "number", "data-label": labels[at] }, text);
    const said = group.too_small
      ? [el("td", { colspan: 4, class: "muted" }, `Too small: ${group.too_small}`)]
      : [
          el("td", { class: "drawn" }, forestRow(group, told.metric, whole, shown)),
          ...[
            estimateText(name, group.statistics[name]),
            differenceText(told.metric, group.difference),
            pText(group.difference?.p_holm),
          ].map(number),
        ];
    return el(
      "tr",
      { class: mark ? "worst" : null },
      el("th", { scope: "row" }, el("span", {}, group.group), mark),
      ...said,
      ...[...cells, ...others.map((other) => estimateText(other.name, group.statistics[other.name]))].map((text, at) =>
        number(text, at + 3),
      ),
    );
  }
}

const columnsOf = (groups) => [...new Set(groups.map(({ column }) => column))];

let drawn = null;
let drawnOf = null;

// They are drawn again only for another evaluation or operating point.
export function drawSubgroups({ finals, attempt, saved }) {
  const section = find("subgroups");
  section.hidden = false;
  const key = [attempt, saved?.at].join();
  if (key === drawnOf) return;
  drawnOf = key;
  drawn ??= new Subgroups(section);
  drawn.draw(finals);
}
