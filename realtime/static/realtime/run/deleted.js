// The page of a run that is deleted already: brings it back, and shows it as soon as it is back, whoever did that.

import { bringBack, whenBack } from "../frame/deleted.js";

const button = document.getElementById("bring-back");
if (button) {
  const id = Number(button.dataset.run);
  const show = () => location.reload();
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (await bringBack(id)) show();
    button.disabled = false;
  });
  whenBack(id, show);
}
