// The panel that shows the form as code to copy: curl, Python and JSON.

import { setText } from "../../realtime/frame/dom.js";
import { toast } from "../../realtime/frame/toast.js";
import { requestCode } from "./request_code.js";

const WORDS = {
  curl: (user) => `$TOKEN is what manage.py apitoken ${user} prints.`,
  python: (user) => `Needs nothing but Python. The variable TOKEN holds what manage.py apitoken ${user} prints.`,
  json: () => "The body of the request: only what differs from the defaults. manage.py train takes it as a file.",
};

export class CodePanel {
  constructor(place, user) {
    Object.assign(this, { place, user, language: "curl" });
    this.tabs = [...place.querySelectorAll("[data-language]")];
    for (const tab of this.tabs)
      tab.addEventListener("click", () => ((this.language = tab.dataset.language), this.#draw()));
    place.querySelector("#copy").addEventListener("click", () => this.#copy());
  }

  show(url, body) {
    Object.assign(this, { url, body });
    this.#draw();
  }

  #draw() {
    for (const tab of this.tabs) tab.setAttribute("aria-pressed", String(tab.dataset.language === this.language));
    setText(this.place.querySelector("#line"), requestCode(this.language, this.url, this.body));
    setText(this.place.querySelector("#line-words"), WORDS[this.language](this.user));
  }

  async #copy() {
    toast(
      (await copyText(requestCode(this.language, this.url, this.body)))
        ? "Copied."
        : "The browser does not let this page copy: select the text and copy it.",
    );
  }
}

// Pages over plain HTTP have no clipboard of their own.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-visually";
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }
}
