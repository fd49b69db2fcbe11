// The answers to questions about data as options of a request: in words, and in the address of the form. Pure.

/** @typedef {Record<string, any>} Options path of an option -> its value */

const PARAMETER = "set";

/**
 * Write the options of an answer as they stand in a request.
 *
 * @param {Options} options
 */
export const optionsText = (options) =>
  Object.entries(options)
    .map(([path, value]) => `${path}: ${JSON.stringify(value)}`)
    .join(", ");

/**
 * Return the address of the form of a new run with these options set.
 *
 * @param {string} origin what the form is filled from: "from=<run>", "preflight=<report>" or "dataset=<name>"
 * @param {Options} options
 */
export function formAddress(origin, options) {
  const settings = Object.entries(options).map(([path, value]) =>
    new URLSearchParams({ [PARAMETER]: `${path}=${JSON.stringify(value)}` }).toString(),
  );
  return `/new/?${[origin, ...settings].join("&")}`;
}

/**
 * Return the options that an address sets; what is no JSON is left out.
 *
 * @param {URLSearchParams} asked
 * @returns {Options}
 */
export function settingsIn(asked) {
  /** @type {Options} */
  const found = {};
  for (const setting of asked.getAll(PARAMETER)) {
    const at = setting.indexOf("=");
    try {
      if (at > 0) found[setting.slice(0, at)] = JSON.parse(setting.slice(at + 1));
    } catch {
      continue;
    }
  }
  return found;
}
