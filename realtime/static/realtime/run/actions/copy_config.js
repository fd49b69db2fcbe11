// Copies the configuration: as JSON, or as a command that queues the same training again.

import { el } from "../../frame/dom.js";
import { toast } from "../../frame/toast.js";

const TRAIN = "/api/experiments/centralized/train";

const toJson = (config) => JSON.stringify(config, null, 2);

export const copiers = {
  json: (config) => copy(toJson(config), "The configuration"),
  curl: (config) => copy(curl(toJson(config)), "The command"),
};

const curl = (json) =>
  [
    `curl -X POST '${location.origin}${TRAIN}'`,
    "-H 'Authorization: Token YOUR_TOKEN'",
    "-H 'Content-Type: application/json'",
    `-d '${json.replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} is in the clipboard.`);
  } catch {
    show(text, what); // without HTTPS browsers give no clipboard
  }
}

function show(text, what) {
  const area = el("textarea", { readonly: true, rows: 14, "aria-label": what });
  area.value = text;
  const dialog = el(
    "dialog",
    { class: "copy-dialog", "aria-label": what, close: () => dialog.remove() },
    el("h2", {}, `${what}, to copy by hand`),
    area,
    el("form", { method: "dialog", class: "actions" }, el("button", {}, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
  area.select();
}
