// What every page does: the switch of colours, and keys that lead elsewhere.

import { onKey, showShortcuts } from "./keyboard.js";
import { setUpThemeButton } from "./theme.js";

const follow = (selector) => () => {
  const link = document.querySelector(selector);
  if (!link) return false;
  location.assign(link.href);
};

const find = (selector) => document.querySelector(selector);
setUpThemeButton(find("#theme"));
find("#keys").addEventListener("click", showShortcuts);
if (find("a[data-key=n]")) onKey("n", "New run", follow("a[data-key=n]"));
if (find("a[data-key=g]")) onKey("g", "All runs", follow("a[data-key=g]"));
if (find("a[data-key=d]")) onKey("d", "Data sets", follow("a[data-key=d]"));
if (find("a[data-key=q]")) onKey("q", "Queue", follow("a[data-key=q]"));
onKey("?", "These keys", showShortcuts);
const search = find("[data-key='/']");
if (search) onKey("/", "Search", () => (search.focus(), search.select?.()));
