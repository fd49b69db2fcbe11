// The page of a cross-validation.

import { GroupPage } from "./group_page.js";

const json = (id) => JSON.parse(document.getElementById(id).textContent);

new GroupPage(json("group-detail"), json("statistic-labels")).start();
