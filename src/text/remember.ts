/** Entries that a function keeps, and the longest string for which it does, in UTF-16 units. */
const KEPT = 10_000;
const LONGEST = 64;

/**
 * The same function, which keeps its results for short strings. What it keeps is bounded: a full memory is emptied,
 * which common strings survive at the cost of one more call.
 */
export function remember<Result>(of: (text: string) => Result): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = of(text);
    if (text.length > LONGEST) return result;
    if (results.size === KEPT) results.clear();
    results.set(text, result);
    return result;
  };
}
