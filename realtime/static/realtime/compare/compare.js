// The page that compares runs.

import { ComparePage } from "./compare_page.js";

const json = (id) => JSON.parse(document.getElementById(id).textContent);

new ComparePage({ labels: json("statistic-labels"), lowerIsBetter: new Set(json("lower-is-better")) }).start();
