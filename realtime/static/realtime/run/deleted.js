// The page of a run that is deleted already: brings it back, and shows it as soon as it is back, whoever did that.

import { follow } from "../events/news.js";
import { bringBack, exists } from "../frame/deleted.js";

const button = document.getElementById("bring-back");
if (button) {
  const id = Number(button.dataset.run);
  const show = () => location.reload();
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (await bringBack(id)) show();
    button.disabled = false;
  });
  follow("/ws/runs/", {
    onItem: ({ type, run_id: run }) => type === "run_summary" && run === id && show(),
    onState: ({ kind }) => kind === "live" && exists(id).then((there) => there && show()).catch(() => {}),
    onMissed() {},
  });
}
