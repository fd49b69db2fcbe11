// The request of the form as code: curl, Python and JSON, with only what differs from the defaults. Pure.

/** @typedef {Record<string, any>} Body */

const WIDE = 60; // characters of a group that stays on one line

/** @type {Record<string, (url: string, body: Body) => string>} */
const WRITERS = {
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

/**
 * Write the request in a language.
 *
 * @param {string} language "json", "curl" or "python"
 * @param {string} url
 * @param {Body} body
 */
export const requestCode = (language, url, body) => WRITERS[language](url, body);

/**
 * @param {Body} body
 * @param {(value: any) => string} write
 * @param {string} [indent]
 * @returns {string}
 */
function literal(body, write, indent = "") {
  const entries = Object.entries(body);
  if (!entries.length) return "{}";
  const inner = `${indent}  `;
  const lines = entries.map(([name, value]) => {
    const flat = flatEntry(name, value, write);
    const isWide = isGroup(value) && flat.length - JSON.stringify(name).length - 2 > WIDE;
    return `${inner}${isWide ? `${JSON.stringify(name)}: ${literal(value, write, inner)}` : flat}`;
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

/** @param {any} value */
const isGroup = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * @param {string} name
 * @param {any} value
 * @param {(value: any) => string} write
 * @returns {string}
 */
function flatEntry(name, value, write) {
  return `${JSON.stringify(name)}: ${isGroup(value) ? flatGroup(value, write) : write(value)}`;
}

/**
 * @param {Record<string, any>} value
 * @param {(value: any) => string} write
 */
function flatGroup(value, write) {
  const entries = Object.entries(value).map(([name, inner]) => flatEntry(name, inner, write));
  return `{${entries.join(", ")}}`;
}

/**
 * @param {any} value
 * @returns {string}
 */
function pythonValue(value) {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (isGroup(value)) return flatGroup(value, pythonValue);
  return JSON.stringify(value); // of text and numbers Python reads the same
}
