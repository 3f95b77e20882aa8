/**
 * What of a growing text can be shown: up to its last white space, behind which a word may still grow.
 * @param given how much of the text was shown before
 */
export function finishedWords(text: string, given: number): string {
  const end = text.search(/\s\S*$/);
  return text.slice(given, Math.max(given, end));
}
