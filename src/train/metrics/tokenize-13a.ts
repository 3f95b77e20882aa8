import { pythonStrip, pythonWords } from "../../text/index.ts";

const ENTITIES: readonly (readonly [string, string])[] = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
];

/**
 * Words of a text as the evaluation script of the workshop on machine translation cuts them (`mteval-v13a.pl`, as
 * sacreBLEU's tokenizer 13a repeats it): punctuation stands alone, but for marks between digits.
 */
export function tokenize13a(text: string): string[] {
  const joined = pythonStrip(text).replaceAll("<skipped>", "");
  const unbroken = joined.replaceAll("-\n", "").replaceAll("\n", " ");
  const decoded = ENTITIES.reduce((line, [entity, mark]) => line.replaceAll(entity, mark), unbroken);
  const apart = ` ${decoded} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, " $1 ")
    .replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2")
    .replace(/([0-9])(-)/gu, "$1 $2 ");
  return pythonWords(apart);
}
