/**
 * Exponential moving average, corrected for its start as in Adam (Kingma & Ba 2015, section 3): the first values are
 * not drawn towards zero. What is not a number is left as it is and does not enter the average.
 *
 * @param weight of what came before, in [0, 1); 0 changes nothing
 */
export function smooth(values: readonly number[], weight: number): number[] {
  let average = 0;
  let total = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = weight * average + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return average / total;
  });
}
