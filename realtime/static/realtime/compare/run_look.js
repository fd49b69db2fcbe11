// How a run is shown in all parts of the page: its name, its colour and its dash.

import { el } from "../frame/dom.js";

const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];
const DASHES = [undefined, [6, 4], [2, 3]];

export const runLabel = (run) => `#${run.id} ${run.experiment_name}`;

// `at`: its place among the compared runs.
export const lookAt = (at) => ({
  colour: COLOURS[at % COLOURS.length],
  dash: DASHES[Math.floor(at / COLOURS.length)],
});

export function swatch(colour) {
  const node = el("i", { class: "swatch", "aria-hidden": "true" });
  node.style.background = `var(${colour})`;
  return node;
}
