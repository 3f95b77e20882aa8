/** A word as it must be typed in a POSIX shell, so that it arrives as it is. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./~-]+$/.test(word) && !word.startsWith("~")) return word;
  if (!word.includes("'")) return `'${word}'`;
  return `"${word.replaceAll(/[\\"$`]/g, "\\$&")}"`;
}
