// The list of runs.

import { ListPage } from "./list_page.js";

new ListPage(document.getElementById("runs").dataset).start();
