// The list of runs.

import { offerExample } from "./example.js";
import { ListPage } from "./list_page.js";

offerExample(document.getElementById("example"), document.getElementById("example-problem"));
new ListPage(document.getElementById("runs").dataset).start();
