// One row of a forest plot: the interval as a line, the number as a dot, and all samples as a line through all rows.

import { svg } from "../../frame/svg.js";
import { METRICS, place } from "./subgroup_text.js";

const upright = (x, look) =>
  svg("line", { x1: x, x2: x, y1: 0, y2: 24, class: look, "vector-effect": "non-scaling-stroke" });

// As wide as its cell; a dot is a line of no length with round ends, which is not stretched.
export function forestRow({ statistics }, metric, whole, range) {
  const found = statistics[METRICS[metric][0]];
  const [x, low, high] = [found.value, found.ci_low, found.ci_high].map(
    (value) => value !== null && place(value, range),
  );
  const level = (from, to, look) =>
    svg("line", { x1: from, x2: to, y1: 12, y2: 12, class: look, "vector-effect": "non-scaling-stroke" });
  return svg(
    "svg",
    { class: "forest", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" },
    ...(Number.isFinite(whole) ? [upright(place(whole, range), "all")] : []),
    ...(low !== false && high !== false ? [level(low, high, "interval")] : []),
    ...(x === false ? [] : [level(x, x, "dot")]),
  );
}
