/** A text in parts: the tokens that occur in it, the longest first, and what stands between them. */
export function splitAtTokens(text: string, tokens: readonly string[]): string[] {
  const longestFirst = [...tokens].sort((a, b) => b.length - a.length).map(escaped);
  return text.split(new RegExp(`(${longestFirst.join("|")})`, "u")).filter((part) => part !== "");
}

/** A pattern that matches a text to the letter. */
export const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
