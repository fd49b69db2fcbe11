// What the list shows and how, kept in the address: it can be shared, and the browser's back button works.

import {
  extrasQuery,
  filterQuery,
  isFiltered,
  isNewestFirst,
  joinList,
  noFilters,
  readAddress,
  writeAddress,
} from "./address.js";
import { DEFAULT_COLUMNS } from "./columns/column_keys.js";
import { newStep } from "./scroll_position.js";

const STORED = "livetrain.columns";

export class State {
  #kind = null; // of the last change: several of one kind are one step of the browser's history

  constructor(onChange) {
    this.onChange = onChange;
    this.#read();
    history.replaceState(history.state ?? newStep(), "", this.#address());
    addEventListener("popstate", () => {
      this.#kind = null;
      this.#read();
      this.onChange();
    });
  }

  #read() {
    Object.assign(this, readAddress(location.search, storedColumns()));
  }

  // All changes but those of the columns begin at the first page.
  set(changes, { kind = null } = {}) {
    Object.assign(this, "columns" in changes ? {} : { cursor: "" }, changes);
    if (changes.columns) storeColumns(changes.columns);
    const replaces = kind !== null && kind === this.#kind;
    this.#kind = kind;
    if (replaces) history.replaceState(history.state, "", this.#address());
    else history.pushState(newStep(), "", this.#address());
    this.onChange();
  }

  get isFiltered() {
    return isFiltered(this);
  }

  get isFirstPage() {
    return !this.cursor;
  }

  get isNewestFirst() {
    return isNewestFirst(this);
  }

  get cleared() {
    return noFilters();
  }

  filters(without = "") {
    return filterQuery(this, without);
  }

  get extras() {
    return extrasQuery(this);
  }

  #address() {
    return writeAddress(this) || location.pathname;
  }
}

function storedColumns() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // the browser stores nothing
  }
}

function storeColumns(columns) {
  try {
    if (columns.join() === DEFAULT_COLUMNS.join()) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, joinList(columns));
  } catch {
    // the address still has them
  }
}
