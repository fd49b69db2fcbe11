// A line of the log as a list item.

import { el } from "../../frame/dom.js";

export const line = ({ offset, text, cut }) => el("li", { "data-offset": offset }, cut ? `${text}…` : text);
