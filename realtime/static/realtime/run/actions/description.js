// The name of the run and what people note about it, as they change them.

import { setText } from "../../frame/dom.js";
import { dateTime } from "../../frame/format.js";

const find = (id) => document.getElementById(id);

export class Description {
  #form = null;

  // `link`: of the run; `onSaved(run)` when a change is stored. `draw` comes first.
  constructor(link, onSaved) {
    find("describe")?.addEventListener("click", async () => {
      const { DescriptionForm } = await import("./description_form.js");
      this.#form ??= new DescriptionForm(find("description"), find("describe"), { link, onSaved });
      this.#form.open(this.described);
    });
  }

  draw({ described }) {
    this.described = described;
    const { name, description, by, at } = described;
    const heading = document.querySelector("h1");
    setText(heading, name);
    heading.title = name;
    setText(document.querySelector(".stuck-name"), name);
    setText(find("description-text"), description);
    find("description-text").hidden = !description;
    setText(find("revised"), at ? `Changed${by ? ` by ${by}` : ""}, ${dateTime(at)}` : "");
    find("description").hidden = Boolean(this.#form?.isOpen) || (!description && !at);
  }
}
