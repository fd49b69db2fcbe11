// The filters: a menu for each, with what there is and how often, and chips that say what is in use.

import { call } from "../frame/api.js";
import { arrange, el, setText } from "../frame/dom.js";
import { capital, count, STATUS_WORDS } from "../frame/format.js";
import { choices, menu } from "./menu.js";

const MENUS = { status: "Status", tag: "Tag", dataset: "Data set", model: "Model", owner: "Owner", project: "Project" };
const CHIPS = { ...MENUS, experiment: "Experiment", group: "Cross-validation", final_split: "Final result" };
const FACETS = { dataset: "source_path" }; // where the API's name for it is another
const FEW = 8;
const DAY = 86_400_000; // milliseconds

const WORDS = { status: STATUS_WORDS, final_split: { test: "on a test split", val: "on validation only" } };

const word = (name, value) => WORDS[name]?.[value] ?? value;

const two = (number) => String(number).padStart(2, "0");
const day = (moment) => `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
const dayBefore = (text) => shifted(text, -1);

function shifted(text, days) {
  const [year, month, date] = text.split("-").map(Number);
  const moment = new Date(year, month - 1, date + days);
  return text && !Number.isNaN(moment.getTime()) ? day(moment) : text;
}

export class Filters {
  constructor(menus, chips, state, api) {
    Object.assign(this, { chips, state, api });
    const buttons = Object.entries(MENUS).map(([name, words]) =>
      menu(words, (panel) => this.#fillMenu(panel, name), { "data-facet": name }),
    );
    this.deleted = el(
      "button",
      { type: "button", "aria-pressed": "false", click: () => state.set({ deleted: !state.deleted }) },
      "Deleted",
    );
    menus.replaceChildren(
      ...buttons,
      menu("Final result", (panel) => this.#fillSplits(panel), { "data-facet": "final_split" }),
      menu("Date", (panel) => this.#fillDates(panel), { "data-facet": "date" }),
      this.deleted,
    );
  }

  // Counts what all filters together find.
  facets(without = "") {
    return call(`${this.api}facets/?${this.state.filters(without)}`);
  }

  async #fillMenu(panel, name) {
    if (!panel.children.length) panel.replaceChildren(el("p", { class: "muted" }, "Counting…"));
    try {
      const found = await this.facets(name);
      this.#drawChoices(panel, name, found[FACETS[name] ?? name]);
    } catch (error) {
      panel.replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
    }
  }

  // Not counted: a count would read every run, which those of the other filters need not.
  #fillSplits(panel) {
    const chosen = new Set(this.state.final_split);
    const found = Object.entries(WORDS.final_split).map(([value, label]) => ({
      value,
      label: capital(label),
      checked: chosen.has(value),
    }));
    const { list } = choices(found, this.#changeOf("final_split", chosen), { heading: "Final result" });
    panel.replaceChildren(list);
  }

  // Changes a filter of several values, given those that are chosen.
  #changeOf(name, chosen) {
    return (value, checked) => {
      if (checked) chosen.add(value);
      else chosen.delete(value);
      this.state.set({ [name]: [...chosen] }, { kind: name });
    };
  }

  #drawChoices(panel, name, values) {
    const chosen = new Set(this.state[name]);
    const gone = [...chosen]
      .filter((value) => !values.some((one) => one.value === value))
      .map((value) => ({ value, count: 0 }));
    const found = [...values, ...gone].map(({ value, count: many }) => ({
      value,
      label: word(name, value),
      count: count(many),
      checked: chosen.has(value),
    }));
    const { list, draw } = choices(found, this.#changeOf(name, chosen), { heading: MENUS[name] });
    const find =
      found.length > FEW
        ? [
            el("input", {
              type: "search",
              "aria-label": `Find a ${MENUS[name].toLowerCase()}`,
              placeholder: "Find",
              input: ({ target }) => draw(target.value),
            }),
          ]
        : [];
    panel.replaceChildren(...find, list);
    find[0]?.focus();
  }

  #fillDates(panel) {
    const { state } = this;
    const since = (days) => day(new Date(Date.now() - days * DAY));
    const quick = [
      ["Today", 0],
      ["Last 7 days", 6],
      ["Last 30 days", 29],
    ].map(([words, days]) =>
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          click: () => (
            state.set({ created_after: since(days), created_before: "" }, { kind: "date" }),
            this.#fillDates(panel)
          ),
        },
        words,
      ),
    );
    const field = (words, value, change) =>
      el(
        "label",
        {},
        el("span", {}, words),
        el("input", { type: "date", value, change: ({ target }) => change(target.value) }),
      );
    panel.replaceChildren(
      el(
        "div",
        { class: "dates" },
        el("div", { class: "quick" }, ...quick),
        field("From", state.created_after.slice(0, 10), (value) =>
          state.set({ created_after: value }, { kind: "date" }),
        ),
        field("To", state.created_before && dayBefore(state.created_before.slice(0, 10)), (value) =>
          state.set({ created_before: value && shifted(value, 1) }, { kind: "date" }),
        ),
      ),
    );
  }

  draw() {
    const { state } = this;
    this.deleted.setAttribute("aria-pressed", String(state.deleted));
    const chips = Object.entries(CHIPS).flatMap(([name, words]) =>
      state[name].map((value) =>
        chip(`${words}: ${word(name, value)}`, () =>
          state.set({ [name]: state[name].filter((other) => other !== value) }),
        ),
      ),
    );
    if (state.name) chips.push(chip(`Name has “${state.name}”`, () => state.set({ name: "" })));
    if (state.created_after)
      chips.push(chip(`From ${state.created_after.slice(0, 10)}`, () => state.set({ created_after: "" })));
    if (state.created_before)
      chips.push(chip(`To ${dayBefore(state.created_before.slice(0, 10))}`, () => state.set({ created_before: "" })));
    if (state.deleted) chips.push(chip("Deleted runs", () => state.set({ deleted: false })));
    const clear =
      chips.length || state.search
        ? [
            el(
              "li",
              {},
              el(
                "button",
                { type: "button", class: "quiet", id: "clear", click: () => state.set(state.cleared) },
                "Clear all",
              ),
            ),
          ]
        : [];
    arrange(this.chips, [...chips, ...clear]);
    return chips.length;
  }
}

function chip(words, take) {
  return el(
    "li",
    { class: "chip" },
    el("span", {}, words),
    el("button", { type: "button", "aria-label": `Remove the filter ${words}`, click: take }, "✕"),
  );
}

export function drawCount(node, found, total) {
  setText(node, found === null ? "" : `${count(found)}${total ? "" : " found"}`);
}
