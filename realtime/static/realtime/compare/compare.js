// The page that compares runs.

import { readAddress } from "./address.js";
import { ComparePage } from "./compare_page.js";

const json = (id) => JSON.parse(document.getElementById(id).textContent);

new ComparePage({ labels: json("statistic-labels"), lowerIsBetter: new Set(json("lower-is-better")) }).start();

document.getElementById("share").addEventListener("click", async () => {
  const { shareComparison } = await import("../shared/share_dialog.js");
  const { runs } = readAddress(location.search);
  if (runs.length) shareComparison(runs);
});

// The address holds the runs that are compared now.
document.getElementById("label-errors").addEventListener("click", ({ currentTarget }) => {
  const runs = new URLSearchParams(location.search).get("runs") ?? "";
  currentTarget.search = new URLSearchParams({ runs });
});
