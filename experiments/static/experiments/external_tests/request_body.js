// What the form asks for, as the body of POST /api/runs/<id>/evaluate/. Pure.

const NUMBERS = /** @type {Record<string, string>} */ ({
  sensitivity: "at_least",
  specificity: "at_least",
  cost: "cost_ratio",
});

/**
 * Return which field of the body has the number of a rule; nothing where it has none.
 *
 * @param {string} rule
 */
export const numberOf = (rule) => NUMBERS[rule];

/**
 * Return the texts between commas, or of lines.
 *
 * @param {string} text
 * @param {RegExp} between
 */
const parts = (text, between) =>
  text
    .split(between)
    .map((part) => part.trim())
    .filter(Boolean);

/**
 * Return the body; what was left blank is left out.
 *
 * @param {Record<string, string>} fields of the form, by name
 * @param {Record<string, any>} [answers] options of `data` that answer questions
 * @returns {Record<string, any>}
 */
export function requestBody(fields, answers = {}) {
  /** @type {Record<string, any>} */
  const body = {};
  for (const name of ["source_path", "name", "note", "site"])
    if (fields[name]?.trim()) body[name] = fields[name].trim();
  const columns = parts(fields.subgroup_columns ?? "", /,/);
  if (columns.length) body.subgroup_columns = columns;
  const classes = parts(fields.class_names ?? "", /\n/);
  if (classes.length) body.class_names = classes;
  /** @type {Record<string, any>} */
  const data = { ...answers };
  for (const [name, value] of Object.entries(fields))
    if (name.startsWith("data.") && value.trim()) data[name.slice("data.".length)] = value.trim();
  if (Object.keys(data).length) body.data = data;
  if (fields.threshold) body.threshold = fields.threshold;
  if (fields.threshold !== "rechosen") return body;
  body.rule = fields.rule;
  const number = numberOf(fields.rule);
  if (number) body[number] = Number(fields.number);
  return body;
}

/**
 * Return the options of `data` that a choice of a question sets, by their names there.
 *
 * @param {Record<string, any>} options by their paths, as in `data.finding`
 */
export const answersOf = (options) =>
  Object.fromEntries(
    Object.entries(options).flatMap(([path, value]) =>
      path.startsWith("data.") ? [[path.slice("data.".length), value]] : [],
    ),
  );
