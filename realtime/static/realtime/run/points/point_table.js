// The thresholds that were chosen on validation, on a run's page. Loaded when there is a final result.

import { call } from "../../frame/api.js";
import { dataTable } from "../../frame/data_table.js";
import { arrange, el } from "../../frame/dom.js";
import { HEAD, pointNotes, pointRows } from "./point_text.js";

const find = (id) => document.getElementById(id);
let asked = 0; // the answer to the newest question counts

// `isWanted()`: whether these are still the results.
export async function drawPoints({ operating_points: address }, finals, isWanted = () => true) {
  const question = ++asked;
  const binary = [...finals.values()].some(({ class_names: names }) => names.length === 2);
  const points = binary ? await call(address).then(({ points: found }) => found, ignored) : null;
  if (question !== asked || !isWanted()) return;
  find("operating-points").hidden = !points;
  if (!points) return;
  arrange(find("operating-points-table"), [dataTable("Sensitivity and specificity at each", HEAD, pointRows(points))]);
  arrange(
    find("operating-points-notes"),
    pointNotes(points).map((text) => el("li", {}, text)),
  );
}

const ignored = () => null; // the server is away: the rest of the page says so
