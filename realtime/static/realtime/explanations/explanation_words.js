// What is said of an explanation, and how long its bars are. Pure.

/**
 * @typedef {{ column: string, value: string | number | null, reference: string | number | null,
 *   change: number }} ColumnShare
 * @typedef {{ column: string, mean: number, deviation: number, like: string[] }} ColumnImportance
 */

const BLANK = "(none)";

/**
 * Write a number with its sign, none where it is 0 with so many decimals.
 *
 * @param {number} value
 * @param {number} decimals
 */
function signedText(value, decimals) {
  const text = Math.abs(value).toFixed(decimals);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "-"}${text}`;
}

/**
 * Return the lengths of bars from 0 to 1, of which the longest number has 1.
 *
 * @param {number[]} numbers
 */
export function lengthsOf(numbers) {
  const longest = Math.max(...numbers.map(Math.abs), 0);
  return numbers.map((number) => (longest ? Math.abs(number) / longest : 0));
}

/**
 * Say which value a column has, and which one it was replaced by.
 *
 * @param {ColumnShare} share
 */
export const valueText = ({ value, reference }) => `${value ?? BLANK} in place of ${reference ?? BLANK}`;

/**
 * Write a change with its sign.
 *
 * @param {number} change
 */
export const changeText = (change) => signedText(change, 3);

/**
 * Write an importance with its spread over the shuffles.
 *
 * @param {ColumnImportance} found
 */
export const importanceText = ({ mean, deviation }) =>
  `${signedText(mean, 4).replace("+", "")} ± ${deviation.toFixed(4)}`;

/**
 * Say which columns say much the same.
 *
 * @param {ColumnImportance} found
 */
export const likeText = ({ like }) => (like.length ? like.join(", ") : "–");

/**
 * Describe a map for those who do not see it: where it is highest.
 *
 * @param {{ grid: number[][], rows: number, columns: number, highest: number }} image
 */
export function mapText({ grid, rows, columns, highest }) {
  if (!(highest > 0)) return "The map is 0 everywhere.";
  const flat = grid.flat();
  const at = flat.indexOf(Math.max(...flat));
  const down = ["top", "middle", "bottom"][Math.min(2, Math.floor((3 * (Math.floor(at / columns) + 0.5)) / rows))];
  const across = ["left", "centre", "right"][Math.min(2, Math.floor((3 * ((at % columns) + 0.5)) / columns))];
  const half = flat.filter((value) => value >= 0.5).length / flat.length;
  return `Highest at the ${down} ${across}; half of that or more in ${Math.round(100 * half)} % of the image.`;
}
