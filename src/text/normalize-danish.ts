/**
 * Danish letters in ASCII, as the translator's model was trained: å, ø and æ become aa, oe and ae, all else lower case.
 *
 * @param lowerFirst whether capitals are made small before, so that Å becomes aa too; else it becomes å
 */
export function normalizeDanish(text: string, { lowerFirst = false } = {}): string {
  const spell = (words: string) => words.replaceAll("å", "aa").replaceAll("ø", "oe").replaceAll("æ", "ae");
  return lowerFirst ? spell(text.toLowerCase()) : spell(text).toLowerCase();
}
