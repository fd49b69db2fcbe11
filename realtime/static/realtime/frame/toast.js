// A short word at the bottom of the page about what was just done, with a way to take it back.

import { el } from "./dom.js";

const SECONDS = 8;
let place = null;

// `undo`: {words, act}; the toast stays while it is hovered or holds the focus. Returns a function that takes it away.
export function toast(text, { undo = null, seconds = SECONDS } = {}) {
  if (!place) {
    place = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  const take = () => node.remove();
  const button = undo && el("button", { type: "button", click: () => (take(), undo.act()) }, undo.words);
  const node = el(
    "div",
    { class: "toast" },
    el("span", {}, text),
    button,
    el("button", { type: "button", "aria-label": "Dismiss", click: take }, "✕"),
  );
  place.append(node);
  let timer = null;
  const wait = () => (timer = setTimeout(take, 1000 * seconds));
  for (const name of ["mouseenter", "focusin"]) node.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["mouseleave", "focusout"]) node.addEventListener(name, () => (clearTimeout(timer), wait()));
  wait();
  return take;
}
