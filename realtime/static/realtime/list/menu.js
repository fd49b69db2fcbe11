// A menu that opens below its button: closed by Escape, by a click elsewhere, and when another one opens.

import { el } from "../frame/dom.js";

const open = new Set();

function close(menu, focus) {
  menu.open = false;
  if (focus) menu.querySelector("summary").focus();
}

document.addEventListener("click", ({ target }) => {
  for (const menu of open) if (target.isConnected && !menu.contains(target)) close(menu);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open) if (menu.contains(event.target)) close(menu, true);
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

// Boxes to tick of `found`: [{value, label, count, checked}], at most `most` at a time. `draw(part)` leaves those whose label has that part.
export function choices(found, onChange, { most = 200, heading }) {
  const list = el("div", { class: "choices", role: "group", "aria-label": heading });
  const draw = (part = "") => {
    const matching = found.filter(({ label }) => plain(label).includes(plain(part)));
    const rest = matching.length - most;
    list.replaceChildren(
      ...matching.slice(0, most).map((choice) => box(choice, onChange)),
      ...(rest > 0 ? [el("p", { class: "muted" }, `and ${rest} more: narrow the search`)] : []),
      ...(matching.length
        ? []
        : [el("p", { class: "muted" }, found.length ? "Nothing is called so." : "There is none yet.")]),
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
