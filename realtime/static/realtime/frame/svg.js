// Elements of SVG drawings, as `el` makes those of pages.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element; attributes that are null are left out.
 *
 * @param {string} tag
 * @param {Record<string, string | number | null>} [attributes]
 * @param {...(Node | string)} children
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, `${value}`);
  node.append(...children);
  return node;
}
