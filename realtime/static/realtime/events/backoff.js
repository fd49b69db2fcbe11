// How long to wait before the next attempt to connect: longer after each failure, and never all browsers at once.

const FIRST_DELAY = 500;
export const LONGEST_DELAY = 5_000;

/**
 * Return the milliseconds until the next attempt.
 *
 * @param {number} failures how many attempts have failed before, from 0
 * @param {number} [chance] from 0 to below 1; spreads the delay by a quarter in both directions
 */
export const reconnectDelay = (failures, chance = Math.random()) =>
  Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures) * (0.75 + chance / 2);
