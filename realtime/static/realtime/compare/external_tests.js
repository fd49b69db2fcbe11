// The external tests of the compared runs, those on the same data beside each other. Loaded when runs are compared.

import { call } from "../frame/api.js";
import { dataTable } from "../frame/data_table.js";
import { el } from "../frame/dom.js";
import { HEAD, inOrder, texts } from "./external_text.js";
import { runLabel } from "./run_look.js";

let asked = ""; // the answer to the newest question counts

export async function drawExternal(runs) {
  const section = document.getElementById("external-part");
  const ids = runs.map(({ id }) => id).join();
  if (ids === asked) return;
  asked = ids;
  section.hidden = true;
  if (!ids) return;
  const found = await call(`${section.dataset.address}?runs=${ids}`).catch(() => null);
  if (ids !== asked) return;
  if (!found) asked = ""; // with the next change
  if (!found?.results.length) return;
  const labels = new Map(runs.map((run) => [run.id, runLabel(run)]));
  const rows = inOrder(found.results).map((test) => [
    el("a", { href: test.links.page }, test.title),
    labels.get(test.run_id),
    ...texts(test),
  ]);
  document.getElementById("external-tests").replaceChildren(dataTable("At the point that each run keeps", HEAD, rows));
  section.hidden = false;
}
