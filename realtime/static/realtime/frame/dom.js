// Elements made of text, never of markup: what a run is called stays text.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Writes only what differs, so that a calm page stays calm for screen readers and selections.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Makes the children of `parent` exactly `wanted`, moving and rebuilding as little as possible.
export function arrange(parent, wanted) {
  let node = parent.firstChild;
  for (const child of wanted) {
    if (child === node) node = node.nextSibling;
    else parent.insertBefore(child, node);
  }
  while (node) {
    const next = node.nextSibling;
    node.remove();
    node = next;
  }
}
