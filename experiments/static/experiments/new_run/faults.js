// The mistakes that an answer of the server names, for the fields of a form. Pure.

/**
 * Return the mistakes that a problem names, each with the path of its field with dots; blank: of no single field.
 *
 * @param {any} body
 * @returns {{field: string, message: string}[]}
 */
export const faultsOf = (body) =>
  (body?.errors ?? []).map((/** @type {Record<string, string>} */ { pointer, parameter, header, detail }) => ({
    field: pointer === undefined ? (parameter ?? header) : pathOf(pointer),
    message: detail,
  }));

/**
 * Return the path with dots of a JSON pointer that is written as a fragment.
 *
 * @param {string} pointer
 */
const pathOf = (pointer) =>
  decodeURIComponent(pointer)
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
