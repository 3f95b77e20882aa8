/** White space as Python's `str.split()` and its module `re` see it: Unicode's and four separators of ASCII. */
export const PYTHON_SPACE = "\\p{White_Space}\\x1C-\\x1F";

const SPACE = new RegExp(`[${PYTHON_SPACE}]`, "u");
const WORD = new RegExp(`[^${PYTHON_SPACE}]+`, "gu");

/** What Python's `text.split()` gives. */
export const pythonWords = (text: string): string[] => text.match(WORD) ?? [];

/** What Python's `text.strip()` gives. */
export function pythonStrip(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && SPACE.test(text[start]!)) start++;
  while (end > start && SPACE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}
