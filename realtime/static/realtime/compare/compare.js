// The page that compares runs.

import { ComparePage } from "./compare_page.js";

const json = (id) => JSON.parse(document.getElementById(id).textContent);

new ComparePage({ labels: json("statistic-labels"), lowerIsBetter: new Set(json("lower-is-better")) }).start();

// The address holds the runs that are compared now.
document.getElementById("label-errors").addEventListener("click", ({ currentTarget }) => {
  const runs = new URLSearchParams(location.search).get("runs") ?? "";
  currentTarget.search = new URLSearchParams({ runs });
});
