// What really carried out a run, on its page. Loaded when the page has drawn what is live.

import { dataTable } from "../../frame/data_table.js";
import { arrange } from "../../frame/dom.js";
import { factNodes } from "../../reading/fact_list.js";
import { attemptRows, executionFacts } from "./execution_text.js";

const find = (id) => document.getElementById(id);
const HEAD = ["From attempt", "Device", "Precision", "Threads", "Samples per step"];

export function drawExecution({ config }, { execution, dataset }) {
  find("execution").hidden = false;
  const facts = executionFacts(execution.at(-1), config?.trainer ?? {}, dataset?.classes ?? []);
  arrange(find("execution-facts"), factNodes(facts));
  const rows = attemptRows(execution);
  arrange(
    find("execution-attempts"),
    rows.length ? [dataTable("Attempts that were carried out differently", HEAD, rows)] : [],
  );
}
