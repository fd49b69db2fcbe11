// Deletes an ended run and takes that back; says that the run is deleted, whoever did that, and notices when it is back.

import { call, inWords } from "../frame/api.js";
import { bringBack, deletedNotice, whenBack } from "../frame/deleted.js";
import { el } from "../frame/dom.js";
import { ENDED } from "../frame/format.js";
import { toast } from "../frame/toast.js";

export class Deleting {
  #unfollow = null; // as long as it is gone

  // `may`: whether the reader may delete it. `onGone()` when the reader did, `onBack()` when it is back.
  constructor(tools, banner, { id, links }, { may, onGone, onBack }) {
    Object.assign(this, { banner, id, links, onGone, onBack });
    this.button = el(
      "button",
      {
        type: "button",
        hidden: true,
        title: "Hide this run from everybody; it can be brought back",
        click: () => this.#delete(),
      },
      "Delete",
    );
    if (may) tools.append(this.button);
  }

  draw({ status, deleted }) {
    this.button.hidden = !ENDED.has(status) || deleted;
  }

  gone() {
    if (this.#unfollow) return;
    this.banner.replaceChildren(
      deletedNotice(this.id, "This run was deleted: nobody finds it any more.", () => this.#back()),
    );
    this.#unfollow = whenBack(this.id, () => this.#back());
  }

  #back() {
    if (!this.#unfollow) return;
    this.#unfollow();
    this.#unfollow = null;
    this.banner.replaceChildren();
    this.onBack();
  }

  async #delete() {
    try {
      await call(this.links.delete, { method: "POST", json: {} });
    } catch (error) {
      return toast(inWords(error));
    }
    this.onGone();
    toast("The run is deleted.", {
      undo: { words: "Undo", act: async () => (await bringBack(this.id)) && this.#back() },
    });
  }
}
