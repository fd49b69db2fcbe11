// Through the list without a mouse: the focus goes from run to run, so that Enter opens the one it is on.

import { onKey } from "../frame/keyboard.js";

const stops = () => [...document.querySelectorAll("#runs [data-stop]")].filter((node) => node.offsetParent !== null);
const rowOf = (node) => node?.closest("tr[data-run], tr[data-group]") ?? null;
let last = null; // the row the focus was on

document.addEventListener("focusin", ({ target }) => (last = rowOf(target) ?? last));

function move(by) {
  const all = stops();
  const row = rowOf(document.activeElement) ?? (last?.isConnected ? last : null);
  const at = all.findIndex((node) => rowOf(node) === row);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  if (!next) return false;
  next.focus();
  rowOf(next).scrollIntoView({ block: "nearest" });
}

// The number of the run that the focus is on, or was on last.
function current() {
  const row = rowOf(document.activeElement) ?? (last?.isConnected ? last : null);
  return row?.dataset.run ? row : null;
}

function open() {
  if (document.activeElement && document.activeElement !== document.body && document.activeElement.id !== "main") return false; // Enter means that
  const row = current();
  if (!row) return false;
  location.assign(row.querySelector("[data-stop]").href);
}

function pick({ onSelect }) {
  const row = current();
  if (!row) return false;
  onSelect(Number(row.dataset.run));
}

// `acts`: {onSelect(id), onCompare(), onClear()}; onClear returns false when there is nothing to clear
export function offerKeys(acts) {
  onKey("j", "Next run", () => move(1));
  onKey("k", "Run before", () => move(-1));
  onKey("x", "Select the run, or not", () => pick(acts));
  onKey("Enter", "Open the run", open);
  onKey("c", "Compare the selected runs", acts.onCompare);
  onKey("Escape", "Select none", acts.onClear);
}
