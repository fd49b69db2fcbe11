// A small curve of a metric beside a run: the extremes are among its values, so a spike is seen.

import { known } from "../../frame/format.js";
import { svg } from "../../frame/svg.js";
import { curveText, HEIGHT, points, WIDTH } from "./sparkline_points.js";

// Draws only what is not drawn yet; nothing where there is no value.
export function drawSparkline(place, curve) {
  const values = (curve?.values ?? []).filter(known);
  const key = values.join();
  if (place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  if (!values.length) return place.replaceChildren();
  const found = points(values);
  const [endX, endY] = found.at(-1);
  const drawn = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", class: "sparkline" },
    svg("title", {}, curveText({ metric: curve.metric, values })),
    svg("path", { d: `M${found.map((point) => point.join(" ")).join("L")}` }),
    svg("circle", { cx: endX, cy: endY, r: 2.4 }),
  );
  place.replaceChildren(drawn);
}
