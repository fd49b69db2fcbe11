// How the scores of a run become probabilities, on its page. Loaded when the run has it.

import { dataTable } from "../../frame/data_table.js";
import { arrange, el } from "../../frame/dom.js";
import { factNodes } from "../../reading/fact_list.js";
import { basis, binTables, introduction, methodFacts, splitTables } from "./recalibration_text.js";

const find = (id) => document.getElementById(id);
const tables = (found) => found.map(({ caption, head, rows }) => dataTable(caption, head, rows));

export function drawRecalibration({ recalibration: found }) {
  find("recalibration").hidden = false;
  arrange(find("recalibration-words"), [el("p", {}, introduction(found)), el("p", { class: "muted" }, basis(found))]);
  arrange(find("recalibration-methods"), factNodes(methodFacts(found)));
  arrange(find("recalibration-tables"), tables(splitTables(found)));
  arrange(find("recalibration-bins"), tables(binTables(found)));
}
