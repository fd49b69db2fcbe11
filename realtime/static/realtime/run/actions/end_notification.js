// A message of the browser when the run ends, if the reader asked for it.

import { el, setText } from "../../frame/dom.js";
import { ENDED, STATUS_WORDS } from "../../frame/format.js";

const PERMISSION_TEXTS = {
  granted: "",
  denied: "Your browser blocks messages of this site; allow notifications in its settings, then press again.",
  default: "Your browser was not allowed to show messages.",
};

export class EndNotification {
  #ended = null;

  constructor(place, { id, name }) {
    Object.assign(this, { place, name, key: `livetrain.notify.${id}` });
    this.button = el(
      "button",
      {
        type: "button",
        "aria-pressed": "false",
        title: "Your browser shows a message when this run ends, as long as this page is open",
        click: () => this.#toggle(),
      },
      "Notify me at the end",
    );
    this.words = el("span", { class: "muted", role: "status" });
    place.append(this.button, this.words);
  }

  // `words`: what to say of the end beside the status.
  draw({ status, reason }, words) {
    const ended = ENDED.has(status);
    this.place.hidden = ended || !("Notification" in window);
    this.button.setAttribute("aria-pressed", String(this.#isOn()));
    if (ended && this.#ended === false && this.#isOn()) this.#notify(status, reason ?? words);
    this.#ended = ended;
  }

  async #toggle() {
    if (this.#isOn()) this.#keep(false);
    else {
      const answer = await Notification.requestPermission();
      this.#keep(answer === "granted");
      setText(this.words, PERMISSION_TEXTS[answer]);
    }
    this.button.setAttribute("aria-pressed", String(this.#isOn()));
  }

  #notify(status, body) {
    const message = new Notification(`${STATUS_WORDS[status]}: ${this.name}`, { body, tag: this.key });
    message.onclick = () => (window.focus(), message.close());
    this.#keep(false);
  }

  #isOn() {
    return this.on ?? (this.on = kept(this.key) && Notification.permission === "granted");
  }

  #keep(on) {
    this.on = on;
    try {
      if (on) sessionStorage.setItem(this.key, "1");
      else sessionStorage.removeItem(this.key);
    } catch {
      // then it holds until the page is loaded again
    }
  }
}

function kept(key) {
  try {
    return "Notification" in window && sessionStorage.getItem(key) === "1";
  } catch {
    return false;
  }
}
