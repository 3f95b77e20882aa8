/**
 * A run costs about as much as this many characters of padding, however little it computes: DistilBERT-base reads 170 MB
 * of weights, which takes the time of some tokens. Whoever costs less in padding joins the batch. (32 users, their answers
 * in CPU time: 39 ms in batches of whatever waits, 24 with 64 characters, 20 with 32 and with 16.)
 */
const runLength = 32;

/**
 * Picks which of the waiting requests run together: the one that waited longest, so that nobody starves, and those so
 * near to it in length that padding them costs less than a run of their own. Under load batches are thus large where
 * lengths allow it, and of images always.
 *
 * @param lengths of the waiting inputs in characters, in order of arrival
 * @returns       at most `size` indexes into `lengths`, in order of arrival
 */
export function chooseBatch(lengths: readonly number[], size: number): number[] {
  const sorted = [...lengths.keys()].sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  let first = sorted.indexOf(0);
  let last = first;
  const longest = () => lengths[sorted[last]!]!;
  while (last - first + 1 < Math.min(size, sorted.length)) {
    // What the next shorter one is padded by; what all are padded by for the next longer one.
    const shorter = first > 0 ? longest() - lengths[sorted[first - 1]!]! : Number.POSITIVE_INFINITY;
    const next = sorted[last + 1];
    const longer =
      next === undefined ? Number.POSITIVE_INFINITY : (last - first + 1) * (lengths[next]! - longest());
    if (Math.min(shorter, longer) > runLength) break;
    if (longer <= shorter) last++;
    else first--;
  }
  return sorted.slice(first, last + 1).sort((a, b) => a - b);
}
