// Deletes an ended run and offers to undo that; says that the run is deleted, and detects that it was restored.

import { call, errorText } from "../../frame/api.js";
import { el } from "../../frame/dom.js";
import { ENDED } from "../../frame/format.js";
import { toast } from "../../frame/toast.js";

/** @type {Record<string, string>} by the state of the connection */
const WORDS = {
  gone: "This run was deleted: it no longer appears in any list.",
  missing: "This run was deleted, or you may no longer see it.",
  withdrawn:
    "You may no longer see this run: it was moved to another project, or your access to its project ended. " +
    "This page shows it as it was until then.",
};

// Few runs are deleted: the script is loaded when one is.
const deletedRun = () => import("../../frame/deleted_run.js");

export class Deletion {
  #isShown = false; // as long as the run is deleted
  #stopListening = null;

  // `may`: whether the reader may delete it. `onDeleted()` when the reader did, `onRestored()` when it is back.
  constructor(tools, banner, { id, links }, handlers) {
    Object.assign(this, { banner, id, links, handlers });
    const attributes = {
      type: "button",
      hidden: true,
      title: "Hide this run from everyone; it can be restored",
      click: () => this.#delete(),
    };
    this.button = el("button", attributes, "Delete");
    if (handlers.may) tools.append(this.button);
  }

  draw({ status, deleted }) {
    this.button.hidden = !ENDED.has(status) || deleted;
  }

  // `kind`: why, as the state of the connection says it; it may be known better a moment later.
  async showDeleted(kind = "gone") {
    this.#isShown = true;
    const found = await deletedRun().catch(() => null); // the server is away
    if (!found) this.#isShown = false;
    if (!this.#isShown) return;
    const restored = () => this.#restored();
    this.banner.replaceChildren(found.deletedNotice(this.id, WORDS[kind], restored));
    this.#stopListening ??= found.onRestored(this.id, restored);
  }

  #restored() {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#stopListening?.();
    this.#stopListening = null;
    this.banner.replaceChildren();
    this.handlers.onRestored();
  }

  async #delete() {
    try {
      await call(this.links.delete, { method: "POST", json: {} });
    } catch (error) {
      return toast(errorText(error));
    }
    this.handlers.onDeleted();
    const undo = {
      words: "Undo",
      act: async () => (await (await deletedRun()).restoreRun(this.id)) && this.#restored(),
    };
    toast("The run is deleted.", { undo });
  }
}
