// A line of facts: name, value and detail of each.

import { el } from "../frame/dom.js";

export const factNodes = (facts) =>
  facts.map(([name, value, detail]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, el("b", {}, value), el("span", {}, detail))),
  );
