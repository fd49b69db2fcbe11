// How long ago something was; kept up to date, with the exact time as its title.

import { el, setText } from "../../frame/dom.js";
import { dateTime } from "../../frame/format.js";
import { ago } from "./ago.js";

const EVERY = 15_000; // milliseconds

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
