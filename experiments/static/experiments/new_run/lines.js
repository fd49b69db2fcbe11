// What the form does, as a command: curl, Python and JSON, with only what differs from the defaults.

import { setText } from "../../realtime/frame/dom.js";
import { toast } from "../../realtime/frame/toast.js";

const WORDS = {
  curl: (user) => `$TOKEN is what manage.py apitoken ${user} prints.`,
  python: (user) => `Needs nothing but Python. The variable TOKEN holds what manage.py apitoken ${user} prints.`,
  json: () => "The body of the request: only what differs from the defaults. manage.py train takes it as a file.",
};
const WIDE = 60; // letters of a group that stays on one line

export class Lines {
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
    setText(this.place.querySelector("#line"), written[this.language](this.url, this.body));
    setText(this.place.querySelector("#line-words"), WORDS[this.language](this.user));
  }

  async #copy() {
    toast(
      (await copyText(written[this.language](this.url, this.body)))
        ? "Copied."
        : "The browser does not let this page copy: select the text and copy it.",
    );
  }
}

const written = {
  json: (_url, body) => literal(body, JSON.stringify),
  curl: (url, body) =>
    [
      `curl ${url} \\`,
      '  -H "Authorization: Token $TOKEN" -H "Content-Type: application/json" \\',
      `  -d '${literal(body, JSON.stringify).replaceAll("'", "'\\''")}'`,
    ].join("\n"),
  python: (url, body) =>
    [
      "import json",
      "import os",
      "import urllib.request",
      "",
      `body = ${literal(body, pythonValue)}`,
      'headers = {"Authorization": f"Token {os.environ[\'TOKEN\']}", "Content-Type": "application/json"}',
      `request = urllib.request.Request("${url}", json.dumps(body).encode(), headers)`,
      "with urllib.request.urlopen(request) as response:",
      "    print(json.load(response))",
    ].join("\n"),
};

function literal(body, write, indent = "") {
  const entries = Object.entries(body);
  if (!entries.length) return "{}";
  const inner = `${indent}  `;
  const one = ([name, value]) => {
    if (value === null || typeof value !== "object" || Array.isArray(value))
      return `${JSON.stringify(name)}: ${write(value)}`;
    const flat = `{${Object.entries(value).map(one).join(", ")}}`;
    return `${JSON.stringify(name)}: ${flat.length > WIDE ? literal(value, write, inner) : flat}`;
  };
  return `{\n${entries.map((entry) => `${inner}${one(entry)}`).join(",\n")}\n${indent}}`;
}

function pythonValue(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  return JSON.stringify(value); // of text and numbers Python reads the same
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
