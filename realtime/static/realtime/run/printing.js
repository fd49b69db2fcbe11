// Paper holds what is drawn: what is still on its way comes first, however long a busy server takes for it.

import { setText } from "../frame/dom.js";

const PRINTED_AFTER = 20_000; // milliseconds, if the server is not there to answer

export async function printRun(button, allDrawn) {
  button.disabled = true;
  setText(button, "Preparing…");
  await Promise.race([allDrawn, new Promise((done) => setTimeout(done, PRINTED_AFTER))]);
  setText(button, "Print");
  button.disabled = false;
  print();
}
