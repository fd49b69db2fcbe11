// A run that was deleted while a page shows it: says so, and offers to restore it.

import { connectListSocket } from "../events/list_socket.js";
import { call, errorText, statusOf } from "./api.js";
import { el, setText } from "./dom.js";
import { toast } from "./toast.js";

/**
 * @param {number} id
 * @param {Record<string, string>} [more]
 */
const isListed = async (id, more = {}) => {
  const { results } = await call(`/api/runs/?${new URLSearchParams({ search: `#${id}`, page_size: "200", ...more })}`);
  return results.some((/** @type {{id: number}} */ run) => run.id === id);
};

/**
 * Return whether the run exists (again). The list answers that without an error, which a browser would write to its
 * console.
 *
 * @param {number} id
 */
export const exists = (id) => isListed(id);

/**
 * Call `listener` each time that the run turns out to be back: lists are sent its restoring; what happened without a
 * connection, or with other rights, is asked for. Return a function that stops listening.
 *
 * @param {number} id
 * @param {() => unknown} listener
 */
export function onRestored(id, listener) {
  const ask = () =>
    exists(id)
      .then((back) => back && listener())
      .catch(() => {});
  return connectListSocket("/ws/runs/", {
    onItem: ({ type, run_id: run }) => type === "run_summary" && run === id && listener(),
    onState() {},
    onMissed: ask,
  });
}

/**
 * Return a notice about the run, with a button that restores it where the reader may.
 *
 * @param {number} id
 * @param {string} words
 * @param {() => unknown} listener is called when the reader has restored it
 */
export function deletedNotice(id, words, listener) {
  const text = el("span", {}, words);
  const button = el("button", { type: "button", hidden: true, click: restore }, "Restore");
  async function restore() {
    button.disabled = true;
    if (await restoreRun(id)) listener();
    else await drawOffer();
    button.disabled = false;
  }
  async function drawOffer() {
    button.hidden = !(await isListed(id, { deleted: "1" }).catch(() => false));
    setText(text, button.hidden ? words : `${words} You can restore it for some days.`);
  }
  drawOffer();
  return el(
    "div",
    { class: "notice warning", role: "status", "data-run": id },
    text,
    button,
    el("a", { href: "/" }, "All runs"),
  );
}

/**
 * Restore the run and report the outcome. Return whether it is restored.
 *
 * @param {number} id
 */
export async function restoreRun(id) {
  try {
    toast((await call(`/api/runs/${id}/restore/`, { method: "POST", json: {} })).detail);
    return true;
  } catch (error) {
    toast(statusOf(error) === 404 ? "The run can no longer be restored." : errorText(error));
    return false;
  }
}
