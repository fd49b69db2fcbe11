// How long ago something was, in words that stay true; the exact time is its title.

import { el, setText } from "../frame/dom.js";
import { dateTime, plural, UNKNOWN } from "../frame/format.js";

const EVERY = 15_000; // milliseconds

export function ago(timestamp, now = Date.now()) {
  if (!timestamp) return UNKNOWN;
  const minutes = Math.floor((now - Date.parse(timestamp)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days < 14 ? `${plural(days, "day")} ago` : dateTime(timestamp).slice(0, 10);
}

export const timeCell = () => el("time");

export function fillTime(node, timestamp) {
  if (node.dateTime !== (timestamp ?? "")) {
    node.dateTime = timestamp ?? "";
    node.title = timestamp ? dateTime(timestamp) : "";
  }
  setText(node, ago(timestamp));
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[datetime]")) if (node.dateTime) setText(node, ago(node.dateTime));
}, EVERY);
