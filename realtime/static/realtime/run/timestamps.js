// Moments as the journal writes them. Pure.

const MICROSECOND = 1e-6;

/**
 * Return the seconds since 1970, as precise as the journal has them.
 *
 * @param {string} timestamp UTC, such as 2026-01-31T12:00:00.123456Z
 */
export function seconds(timestamp) {
  const [, whole, fraction = "0"] = /^(.{19})(?:\.(\d+))?/.exec(timestamp) ?? [];
  return Date.parse(`${whole}Z`) / 1000 + Number(fraction.padEnd(6, "0").slice(0, 6)) * MICROSECOND;
}
