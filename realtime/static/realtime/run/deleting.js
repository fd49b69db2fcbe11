// Deletes an ended run, and takes that back.

import { call, inWords } from "../frame/api.js";
import { el, setText } from "../frame/dom.js";
import { ENDED } from "../frame/format.js";
import { toast } from "../frame/toast.js";

export class Deleting {
  // `onChange()` after either.
  constructor(place, banner, links, onChange) {
    Object.assign(this, { links, banner, onChange, state: null });
    this.button = el("button", { type: "button", hidden: true, title: "Hide this run from everybody; it can be brought back", click: () => this.#delete() }, "Delete");
    place.append(this.button);
  }

  draw(state) {
    this.state = state;
    this.button.hidden = !ENDED.has(state.status) || state.deleted;
    this.banner.hidden = !state.deleted;
    if (!state.deleted || this.banner.childElementCount) return;
    this.banner.replaceChildren(el("span", {}, "This run is deleted: nobody finds it any more."), el("button", { type: "button", click: () => this.#restore() }, "Bring it back"), el("a", { href: "/" }, "All runs"));
  }

  async #delete() {
    if (!(await this.#tell(this.links.delete))) return;
    this.state.deleted = true;
    this.onChange();
    toast("The run is deleted.", { undo: { words: "Undo", act: () => this.#restore() } });
  }

  async #restore() {
    if (!(await this.#tell(this.links.restore))) return;
    this.state.deleted = false;
    this.onChange();
    toast("The run is back.");
  }

  async #tell(link) {
    try {
      await call(link, { method: "POST", json: {} });
      return true;
    } catch (error) {
      toast(inWords(error));
      return false;
    }
  }
}
