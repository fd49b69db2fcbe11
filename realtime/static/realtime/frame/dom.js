// Elements made of text, never of markup: the name of a run stays text.

/** @typedef {Node | string | null | undefined} Child */

/**
 * Return a new element. An attribute that is a function listens to the event of that name; true is an attribute without
 * a value; null, undefined and false are none.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children null and undefined are left out
 * @returns {any} an element of that tag
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child !== null && child !== undefined)));
  return node;
}

/**
 * Write the text only where it differs: an unchanged page keeps selections, and screen readers stay silent.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Make the children of `parent` exactly `wanted`, moving and rebuilding as little as possible.
 *
 * @param {Node} parent
 * @param {Node[]} wanted
 */
export function arrange(parent, wanted) {
  let node = parent.firstChild;
  for (const child of wanted) {
    if (child === node) node = node.nextSibling;
    else parent.insertBefore(child, node);
  }
  while (node) {
    const next = node.nextSibling;
    /** @type {ChildNode} */ (node).remove();
    node = next;
  }
}

/**
 * Offer these choices; the one that was chosen stays so, and a choice of one only tells what is shown.
 *
 * @param {HTMLSelectElement} select
 * @param {[value: string | number, text: string][]} choices
 */
export function fillSelect(select, choices) {
  const chosen = select.value;
  select.replaceChildren(...choices.map(([value, text]) => el("option", { value }, text)));
  if (choices.some(([value]) => String(value) === chosen)) select.value = chosen;
  select.disabled = choices.length < 2;
}
