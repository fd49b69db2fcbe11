// A run that was deleted while a page shows it: said in words, with the way back for whoever may bring it back.

import { follow } from "../events/news.js";
import { call, inWords } from "./api.js";
import { el, setText } from "./dom.js";
import { toast } from "./toast.js";

const listed = async (id, more = {}) => {
  const { results } = await call(`/api/runs/?${new URLSearchParams({ search: `#${id}`, page_size: 200, ...more })}`);
  return results.some((run) => run.id === id);
};

// Whether the run is there (again). The list answers that without an error, which a browser would write to its console.
export const exists = (id) => listed(id);

// `onBack()` each time that it is heard of: news of all runs tell of its return, and what happened before they are heard is asked.
// Returns what ends it.
export const whenBack = (id, onBack) =>
  follow("/ws/runs/", {
    onItem: ({ type, run_id: run }) => type === "run_summary" && run === id && onBack(),
    onState: ({ kind }) =>
      kind === "live" &&
      exists(id)
        .then((there) => there && onBack())
        .catch(() => {}),
    onMissed() {},
  });

// A notice about the run; `onBack()` when the reader has brought it back.
export function deletedNotice(id, words, onBack) {
  const text = el("span", {}, words);
  const button = el("button", { type: "button", hidden: true, click: back }, "Bring it back");
  async function back() {
    button.disabled = true;
    if (await bringBack(id)) onBack();
    else await offer();
    button.disabled = false;
  }
  async function offer() {
    button.hidden = !(await listed(id, { deleted: 1 }).catch(() => false));
    setText(text, button.hidden ? words : `${words} You can bring it back for some days.`);
  }
  offer();
  return el(
    "div",
    { class: "notice warning", role: "status", "data-run": id },
    text,
    button,
    el("a", { href: "/" }, "All runs"),
  );
}

// Says what came of it. -> whether it is back
export async function bringBack(id) {
  try {
    toast((await call(`/api/runs/${id}/restore/`, { method: "POST", json: {} })).detail);
    return true;
  } catch (error) {
    toast(error.status === 404 ? "The run cannot be brought back any more." : inWords(error));
    return false;
  }
}
