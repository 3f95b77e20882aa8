import { closest, distance } from "fastest-levenshtein";

/** The known name, or dotted path, that a mistyped one most likely means; undefined when none comes near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const candidate = closest(name, known);
  // A third of the letters of the last key may differ; beyond that a suggestion misleads more than it helps.
  const { length } = name.slice(name.lastIndexOf(".") + 1);
  return distance(name, candidate) <= Math.min(length - 1, Math.ceil(length / 3)) ? candidate : undefined;
}

/** `; did you mean small?`, or else the known names: `; known are distilbert-base, small`. */
export function suggestion(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known);
  if (candidate !== undefined) return `; did you mean ${candidate}?`;
  return known.length === 0 ? "" : `; known are ${known.join(", ")}`;
}
