// Every event of a journal exactly once and in order, by its number.

/** @typedef {import("./event_types").StreamItem} StreamItem */

/**
 * Return the items that come after number `last`, the new last number, and whether a number is missing.
 * At a gap nothing is accepted: the journal must be read again after `last`.
 *
 * @param {StreamItem[]} items in the order in which they arrived
 * @param {number} last the number of the last event that is known
 * @returns {{fresh: StreamItem[], last: number, gap: boolean}}
 */
export function inSequence(items, last) {
  const fresh = [];
  let reached = last;
  for (const item of items) {
    const [first, final] = item.type === "skipped" ? [item.from, item.to] : [item.seq, item.seq];
    if (final <= reached) continue; // a duplicate
    if (first > reached + 1) return { fresh, last: reached, gap: true };
    reached = final;
    fresh.push(item);
  }
  return { fresh, last: reached, gap: false };
}
