// The live page of one run.

import { RunPage } from "./run_page.js";

const find = (id) => document.getElementById(id);
const json = (id) => JSON.parse(find(id).textContent);

const page = new RunPage({
  detail: json("run-detail"),
  labels: json("statistic-labels"),
  snapshotAddress: find("snapshot").getAttribute("href"),
  mayAct: Boolean(find("actions")),
});
await page.start();
