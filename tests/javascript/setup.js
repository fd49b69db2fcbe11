// To be imported before the tests: `node --import ./tests/javascript/setup.js --test …`.

import { register } from "node:module";

register("./static_files.js", import.meta.url);
