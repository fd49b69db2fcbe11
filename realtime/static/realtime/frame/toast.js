// A short message at the bottom of the page about what was just done, with a way to undo it.

import { el } from "./dom.js";

const SECONDS = 8;
/** @type {HTMLElement | null} */
let place = null;

/** Return the place of all messages. */
function toasts() {
  if (place) return place;
  const made = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
  document.body.append(made);
  place = made;
  return made;
}

/**
 * Show a message; it stays while it is hovered or holds the focus. Return a function that removes it.
 *
 * @param {string} text
 * @param {{undo?: {words: string, act: () => unknown} | null, seconds?: number}} [options]
 */
export function toast(text, { undo = null, seconds = SECONDS } = {}) {
  const remove = () => node.remove();
  const button = undo && el("button", { type: "button", click: () => (remove(), undo.act()) }, undo.words);
  const node = el(
    "div",
    { class: "toast" },
    el("span", {}, text),
    button,
    el("button", { type: "button", "aria-label": "Dismiss", click: remove }, "✕"),
  );
  toasts().append(node);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const wait = () => (timer = setTimeout(remove, 1000 * seconds));
  for (const name of ["mouseenter", "focusin"]) node.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["mouseleave", "focusout"]) node.addEventListener(name, () => (clearTimeout(timer), wait()));
  wait();
  return remove;
}
