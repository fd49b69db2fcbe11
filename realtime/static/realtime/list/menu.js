// A menu that opens below its button: closed by Escape, by a click elsewhere, and when another one opens.

import { el } from "../frame/dom.js";

const open = new Set();

function close(node, focus) {
  node.open = false;
  if (focus) node.querySelector("summary").focus();
}

document.addEventListener("click", ({ target }) => {
  for (const node of open) if (target.isConnected && !node.contains(target)) close(node);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const node of open) if (node.contains(event.target)) close(node, true);
});

// `fill(panel)` is called each time it opens.
export function menu(words, fill, options = {}) {
  const panel = el("div", { class: "panel" });
  const node = el("details", { class: "menu", ...options }, el("summary", {}, el("span", {}, words)), panel);
  node.addEventListener("toggle", () => {
    if (!node.open) return open.delete(node);
    for (const other of open) close(other);
    open.add(node);
    fill(panel);
  });
  return node;
}

// Check boxes for `found`: [{value, label, count, checked}], at most `most` at a time. `draw(part)` keeps those whose
// label contains that part.
export function choices(found, onChange, { most = 200, heading }) {
  const list = el("div", { class: "choices", role: "group", "aria-label": heading });
  const draw = (part = "") => {
    const matching = found.filter(({ label }) => plain(label).includes(plain(part)));
    const rest = matching.length - most;
    list.replaceChildren(
      ...matching.slice(0, most).map((choice) => box(choice, onChange)),
      ...(rest > 0 ? [el("p", { class: "muted" }, `and ${rest} more: narrow the search`)] : []),
      ...(matching.length ? [] : [el("p", { class: "muted" }, found.length ? "No match." : "There are none yet.")]),
    );
  };
  draw();
  return { list, draw };
}

// Dots and lines of a name count as spaces: optimizer.learning_rate finds "optimizer · learning rate".
const plain = (text) =>
  text
    .toLowerCase()
    .replace(/[\s._·]+/g, " ")
    .trim();

function box(choice, onChange) {
  const { label, count } = choice;
  const change = ({ target }) => onChange(choice.value, (choice.checked = target.checked));
  return el(
    "label",
    {},
    el("input", { type: "checkbox", checked: choice.checked, change }),
    el("span", {}, label),
    count === undefined ? null : el("small", { class: "muted" }, String(count)),
  );
}
