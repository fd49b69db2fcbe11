// Keys that do something on this page, and the dialog that lists them. Nothing happens while the reader types, or with
// Ctrl, Alt or Meta held.

import { el } from "./dom.js";

const shortcuts = new Map(); // key -> {words, act}
let dialog = null;

// `act` may return false to say that it did nothing: the key then keeps its usual meaning.
export function onKey(key, words, act) {
  shortcuts.set(key, { words, act });
}

const types = ({ target }) =>
  target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && target.type !== "checkbox");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (types(event)) return event.key === "Escape" ? event.target.blur() : undefined;
  if (document.querySelector("dialog[open]")) return;
  const shortcut = shortcuts.get(event.key);
  if (shortcut && shortcut.act(event) !== false) event.preventDefault();
});

export function showShortcuts() {
  const rows = [...shortcuts].map(([key, { words }]) =>
    el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)),
  );
  dialog?.remove();
  dialog = el(
    "dialog",
    { "aria-labelledby": "shortcuts-title" },
    el("h2", { id: "shortcuts-title" }, "Keys on this page"),
    el("dl", { class: "shortcuts" }, ...rows),
    el("form", { method: "dialog", class: "actions" }, el("button", { autofocus: true }, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
}
