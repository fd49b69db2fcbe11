// The decision curve of a run of two classes, drawn. Plain SVG, as large as its place.

import { setText } from "../../frame/dom.js";
import { svg } from "../../frame/svg.js";
import { drawn, ticks, usefulRange } from "./net_benefit.js";

const BOX = { left: 62, top: 10, width: 480, height: 250 };
const find = (id) => document.getElementById(id);

// `curve`: null of a run with other than two classes.
export function drawNetBenefit(curve) {
  const found = drawn(curve);
  find("net-benefit").hidden = !curve;
  if (!curve) return;
  setText(find("net-benefit-problem"), curve.problem ?? "");
  setText(find("net-benefit-words"), [usefulRange(curve), curve.text].filter(Boolean).join(" "));
  find("net-benefit-drawing").replaceChildren(...(found ? [diagram(found, usefulRange(curve))] : []));
}

function diagram(found, words) {
  const { left, top, width, height } = BOX;
  const x = (value) => left + (value / found.right) * width;
  const y = (value) => top + ((found.top - value) / (found.top - found.bottom)) * height;
  const path = (points) =>
    points.length ? `M${points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join("L")}` : "";
  const none = [
    [0, 0],
    [found.right, 0],
  ];
  return svg(
    "svg",
    {
      viewBox: "0 0 560 310",
      role: "img",
      "aria-label": `Decision curve: net benefit by threshold probability. ${words}`,
    },
    svg("rect", { x: left, y: top, width, height, class: "frame" }),
    ...ticks(found.right).map((at) => label(x(at), top + height + 18, "middle", `${Number((100 * at).toFixed(1))} %`)),
    ...ticks(found.top).map((at) => label(left - 6, y(at) + 4, "end", `${at}`)),
    label(left + width / 2, top + height + 40, "middle", "Threshold probability"),
    svg("text", { transform: `translate(12 ${top + height / 2}) rotate(-90)`, "text-anchor": "middle" }, "Net benefit"),
    svg("path", { d: path(none), class: "reference" }),
    svg("path", { d: path(found.all), class: "all" }),
    svg("path", { d: path(found.model), class: "curve" }),
  );
}

const label = (x, y, anchor, text) => svg("text", { x, y, "text-anchor": anchor }, text);
