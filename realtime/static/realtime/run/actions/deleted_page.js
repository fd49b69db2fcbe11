// The page of a run that is deleted already: restores it, and shows it as soon as it is back, no matter who restored
// it.

import { onRestored, restoreRun } from "../../frame/deleted_run.js";

const button = /** @type {HTMLButtonElement | null} */ (document.getElementById("restore"));
if (button) {
  const id = Number(button.dataset.run);
  const show = () => location.reload();
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (await restoreRun(id)) show();
    button.disabled = false;
  });
  onRestored(id, show);
}
