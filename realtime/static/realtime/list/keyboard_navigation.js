// The list without a mouse: the focus moves from run to run, so that Enter opens the one it is on.

import { onKey } from "../frame/keyboard.js";

export const ROWS = "#runs tr[data-run], #runs tr[data-group]";

const stops = () => [...document.querySelectorAll("#runs [data-stop]")].filter((node) => node.offsetParent !== null);
const rowOf = (node) => node?.closest("tr[data-run], tr[data-group]") ?? null;
let last = null; // the row the focus was on

document.addEventListener("focusin", ({ target }) => (last = rowOf(target) ?? last));

// Which row it is, on another visit too; null for none.
export const keyOf = (row) => (row ? (row.dataset.run ?? `group ${row.dataset.group}`) : null);

// The row that the focus is on, or was on last.
export const current = () => rowOf(document.activeElement) ?? (last?.isConnected ? last : null);

// Without scrolling; nothing if there is no such row any more.
export function focusOn(key) {
  const row = [...document.querySelectorAll(ROWS)].find((other) => keyOf(other) === key);
  row?.querySelector("[data-stop]").focus({ preventScroll: true });
}

function move(by) {
  const all = stops();
  const row = current();
  const at = all.findIndex((node) => rowOf(node) === row);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  if (!next) return false;
  next.focus();
  rowOf(next).scrollIntoView({ block: "nearest" });
}

function currentRun() {
  const row = current();
  return row?.dataset.run ? row : null;
}

function open() {
  if (document.activeElement && document.activeElement !== document.body && document.activeElement.id !== "main")
    return false; // Enter means that
  const row = currentRun();
  if (!row) return false;
  location.assign(row.querySelector("[data-stop]").href);
}

function pick({ onSelect }) {
  const row = currentRun();
  if (!row) return false;
  onSelect(Number(row.dataset.run));
}

// `acts`: {onSelect(id), onCompare(), onClear()}; onClear returns false when there is nothing to clear
export function registerListKeys(acts) {
  onKey("j", "Next run", () => move(1));
  onKey("k", "Run before", () => move(-1));
  onKey("x", "Select the run, or not", () => pick(acts));
  onKey("Enter", "Open the run", open);
  onKey("c", "Compare the selected runs", acts.onCompare);
  onKey("Escape", "Select none", acts.onClear);
}
