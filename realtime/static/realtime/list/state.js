// What the list shows and how, as the address has it: the address can be shared, and the browser's back button works.

import { isChosen, DEFAULT_COLUMNS } from "./columns.js";
import { newStep } from "./scroll_position.js";

// Filters of several values; a run matches any of them.
export const LISTS = ["status", "tag", "dataset", "model", "owner", "experiment", "group"];
const TEXTS = ["search", "name", "created_after", "created_before"];
const REMEMBERED = "livetrain.columns";
export const NEWEST_FIRST = "-id";
const NEWEST = new Set(["-id", "-run_id", "-created_at"]);

// Values separated by commas; a backslash keeps a comma in a value, as the API has it.
const split = (text) =>
  (text ?? "")
    .split(/(?<!\\),/)
    .map((part) => part.replaceAll("\\,", ",").trim())
    .filter(Boolean);
const joined = (values) => values.map((value) => value.replaceAll(",", "\\,")).join();

export class State {
  #kind = null; // of the last change: several of one kind are one step of the browser's way back

  constructor(onChange) {
    this.onChange = onChange;
    this.#read();
    history.replaceState(history.state ?? newStep(), "", this.address());
    addEventListener("popstate", () => {
      this.#kind = null;
      this.#read();
      this.onChange();
    });
  }

  #read() {
    const asked = new URLSearchParams(location.search);
    for (const name of LISTS) this[name] = [...new Set(split(asked.get(name)))];
    if (asked.has("source_path")) this.dataset = split(asked.get("source_path"));
    for (const name of TEXTS) this[name] = asked.get(name) ?? "";
    this.deleted = ["1", "true"].includes(asked.get("deleted"));
    this.ordering = asked.get("ordering") || NEWEST_FIRST;
    this.by = asked.get("by") ?? "";
    this.cursor = asked.get("cursor") ?? "";
    this.columns = split(asked.get("columns") ?? remembered() ?? DEFAULT_COLUMNS.join());
  }

  // What else changes than the columns begins at the first page.
  set(changes, { kind = null } = {}) {
    Object.assign(this, "columns" in changes ? {} : { cursor: "" }, changes);
    if (changes.columns) remember(changes.columns);
    const way = kind !== null && kind === this.#kind ? "replaceState" : "pushState";
    this.#kind = kind;
    history[way](way === "pushState" ? newStep() : history.state, "", this.address());
    this.onChange();
  }

  get isFiltered() {
    return this.deleted || [...LISTS, ...TEXTS].some((name) => this[name].length > 0);
  }

  get isFirstPage() {
    return !this.cursor;
  }

  get isNewestFirst() {
    return NEWEST.has(this.ordering);
  }

  get cleared() {
    return {
      ...Object.fromEntries([...LISTS.map((name) => [name, []]), ...TEXTS.map((name) => [name, ""])]),
      deleted: false,
    };
  }

  // The filters as the API takes them, but for the one called `without`.
  filters(without = "") {
    const found = new URLSearchParams();
    for (const name of LISTS) if (this[name].length && name !== without) found.set(name, joined(this[name]));
    for (const name of TEXTS) if (this[name].trim() && name !== without) found.set(name, startOfDay(this[name].trim()));
    if (this.deleted) found.set("deleted", "1");
    return found;
  }

  // What lines of runs have beside their fields, as the API takes it.
  get extras() {
    const found = new URLSearchParams();
    const chosen = this.columns.filter(isChosen);
    if (chosen.length) found.set("columns", joined(chosen));
    if (this.columns.includes("curve")) found.set("sparkline", "1");
    return found;
  }

  address() {
    const values = {
      ...Object.fromEntries(LISTS.map((name) => [name, joined(this[name])])),
      ...Object.fromEntries(TEXTS.map((name) => [name, this[name]])),
    };
    Object.assign(values, { deleted: this.deleted ? "1" : "", by: this.by, cursor: this.cursor });
    values.ordering = this.ordering === NEWEST_FIRST ? "" : this.ordering;
    values.columns = this.columns.join() === DEFAULT_COLUMNS.join() ? "" : joined(this.columns);
    const kept = Object.entries(values).filter(([, value]) => value);
    const readable = (value) => encodeURIComponent(value).replaceAll("%2C", ",").replaceAll("%3A", ":");
    return kept.length ? `?${kept.map(([name, value]) => `${name}=${readable(value)}`).join("&")}` : location.pathname;
  }
}

// A day is the reader's own; the API's would be UTC's.
function startOfDay(text) {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  return day ? new Date(year, month - 1, day).toISOString() : text;
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // a browser may keep nothing
  }
}

function remember(columns) {
  try {
    if (columns.join() === DEFAULT_COLUMNS.join()) localStorage.removeItem(REMEMBERED);
    else localStorage.setItem(REMEMBERED, joined(columns));
  } catch {
    // the address still has them
  }
}
