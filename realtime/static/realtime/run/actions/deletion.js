// Deletes an ended run and offers to undo that; says that the run is deleted, and detects that it was restored.

import { call, errorText } from "../../frame/api.js";
import { deletedNotice, onRestored, restoreRun } from "../../frame/deleted_run.js";
import { el } from "../../frame/dom.js";
import { ENDED } from "../../frame/format.js";
import { toast } from "../../frame/toast.js";

export class Deletion {
  #stopListening = null; // as long as the run is deleted

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

  showDeleted() {
    if (this.#stopListening) return;
    const restored = () => this.#restored();
    this.banner.replaceChildren(
      deletedNotice(this.id, "This run was deleted: it no longer appears in any list.", restored),
    );
    this.#stopListening = onRestored(this.id, restored);
  }

  #restored() {
    if (!this.#stopListening) return;
    this.#stopListening();
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
    const undo = { words: "Undo", act: async () => (await restoreRun(this.id)) && this.#restored() };
    toast("The run is deleted.", { undo });
  }
}
