// An exponential mean that begins without bias: its first value is the first one known. A gap (null) stays a gap, and what is not there stays away.

import { known } from "../frame/format.js";

// `weight` from 0 (as it is) to below 1 (very smooth): the share that the past has in each value.
export function smooth(ys, weight) {
  let [mean, norm] = [0, 0];
  return ys.map((y) => {
    if (!known(y)) return y;
    mean = weight * mean + (1 - weight) * y;
    norm = weight * norm + (1 - weight);
    return mean / norm;
  });
}
