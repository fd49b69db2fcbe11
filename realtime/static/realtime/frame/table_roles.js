// A table whose rows become blocks on a narrow screen: without roles some browsers then no longer tell screen readers
// that it is a table.

const ROLES = [
  ["thead, tbody", "rowgroup"],
  ["tr", "row"],
  ["td", "cell"],
  ["thead th", "columnheader"],
  ["tbody th", "rowheader"],
];

/**
 * Give the table and its parts the roles that they have by their names.
 *
 * @param {HTMLTableElement} table
 * @returns {HTMLTableElement} the same
 */
export function withRoles(table) {
  table.setAttribute("role", "table");
  for (const [parts, role] of ROLES) for (const part of table.querySelectorAll(parts)) part.setAttribute("role", role);
  return table;
}
