/** A column as the tests see it: without its missing values, sorted or counted once. */

/** Numbers in ascending order. */
export interface NumericSample {
  readonly values: Float64Array;
  /** How many values were missing. */
  readonly missing: number;
}

/** How often each value occurs. */
export interface CountedSample {
  readonly counts: ReadonlyMap<string | number, number>;
  /** Values that are there. */
  readonly size: number;
  readonly missing: number;
}

/** Values that are no finite number are missing. The given array stays as it is. */
export function numericSample(values: Float64Array): NumericSample {
  const finite = new Float64Array(values.length);
  let size = 0;
  for (const value of values) if (Number.isFinite(value)) finite[size++] = value;
  return { values: finite.subarray(0, size).sort(), missing: values.length - size };
}

export function countedSample(values: readonly (string | null)[]): CountedSample {
  const counts = new Map<string, number>();
  let size = 0;
  for (const value of values) {
    if (value === null) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    size++;
  }
  return { counts, size, missing: values.length - size };
}

/** The same numbers, each a category. */
export function countValues({ values, missing }: NumericSample): CountedSample {
  const counts = new Map<number, number>();
  let start = 0;
  for (let i = 1; i <= values.length; i++) {
    if (i < values.length && values[i] === values[start]) continue;
    counts.set(values[start]!, i - start);
    start = i;
  }
  return { counts, size: values.length, missing };
}

/** How many different values there are, counted no further than `most`. */
export function distinctValues({ values }: NumericSample, most: number): number {
  let distinct = Math.min(1, values.length);
  for (let i = 1; i < values.length && distinct < most; i++) if (values[i] !== values[i - 1]) distinct++;
  return distinct;
}

/** The same of two samples together. */
export function distinctTogether(first: NumericSample, second: NumericSample, most: number): number {
  const known = new Set<number>();
  for (const { values } of [first, second])
    for (let i = 0; i < values.length && known.size < most; i++)
      if (i === 0 || values[i] !== values[i - 1]) known.add(values[i]!);
  return known.size;
}

/** Walks over the different values of two samples in ascending order, with how often each occurs in either. */
export function eachValue(
  { values: a }: NumericSample,
  { values: b }: NumericSample,
  visit: (value: number, inFirst: number, inSecond: number) => void,
): void {
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const value = j >= b.length || a[i]! <= b[j]! ? a[i]! : b[j]!;
    const [startA, startB] = [i, j];
    while (a[i] === value) i++;
    while (b[j] === value) j++;
    visit(value, i - startA, j - startB);
  }
}

/** Mean, and sum of squared differences from it. */
export function moments(values: Float64Array): { mean: number; squares: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const rough = sum / values.length;
  // The sum of a million values has lost some digits; that of what is left over has not.
  let rest = 0;
  for (const value of values) rest += value - rough;
  const mean = rough + rest / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, squares };
}

/** Of sorted values, between two neighbours in proportion (R's type 7, numpy's `linear`). */
export function quantile(values: Float64Array, share: number): number {
  const place = share * (values.length - 1);
  const below = Math.floor(place);
  const [low, high] = [values[below]!, values[Math.min(below + 1, values.length - 1)]!];
  return low + (high - low) * (place - below);
}
