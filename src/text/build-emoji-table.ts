/**
 * Writes `emoji-table.ts` from a file of emoji and their names, and checks that the table stands for all of them.
 *
 *   python3 -c "import emoji, json; print(json.dumps({e: d['en'] for e, d in emoji.EMOJI_DATA.items()}))" > names.json
 *   node src/text/build-emoji-table.ts names.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { emojiNames } from "./emoji-names.ts";

const TONE = /[\u{1F3FB}-\u{1F3FF}]/u;
const TONES = new RegExp(TONE, "gu");
const TONE_NAME = /_(?:light|medium-light|medium|medium-dark|dark)_skin_tone/g;
const SELECTOR = /\uFE0F/g;

type Named = readonly (readonly [sequence: string, name: string])[];

/** One line for all that differ only in skin tones and variation selectors. */
function lineOf(variants: Named): string {
  const longestFirst = [...variants].sort(([a], [b]) => b.length - a.length);
  const plain = longestFirst.find(([sequence]) => !TONE.test(sequence));
  const toned = longestFirst.find(([sequence]) => TONE.test(sequence));
  if (toned === undefined) return plain!.join(" ");
  const slot = plain ? "~" : "^";
  const name = toned[1].replace(TONE_NAME, slot).replace(/[~^]+$/, "");
  return `${withSlots(toned[0], plain?.[0] ?? "", slot)} ${name}`;
}

/** A sequence with `slot` for its tones, and the selectors that stand there when there is no tone. */
function withSlots(toned: string, plain: string, slot: string): string {
  let [result, place] = ["", 0];
  for (const character of toned) {
    const isTone = TONE.test(character);
    const selector = isTone && plain[place] === "\uFE0F" ? "\uFE0F" : "";
    result += isTone ? slot + selector : character;
    place += isTone ? selector.length : character.length;
  }
  return result;
}

const isToneItself = (sequence: string) => sequence.replace(TONE, "") === "";

const file = argv[2] ?? "names.json";
const given = z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(file, "utf8")));
const named: Named = Object.entries(given).map(([sequence, name]) => [sequence, name.slice(1, -1)]);
const families = Object.groupBy(named, ([sequence]) =>
  isToneItself(sequence) ? sequence : sequence.replace(SELECTOR, "").replace(TONES, ""),
);
const lines = Object.values(families).map((variants) =>
  isToneItself(variants![0]![0]) ? variants![0]!.join(" ") : lineOf(variants!),
);
const table = lines.sort().join("\n");
if (!isDeepStrictEqual(Object.fromEntries(emojiNames(table)), given))
  throw new Error(`${file} has names that do not follow the rules of emoji-names.ts`);
writeFileSync(
  new URL("emoji-table.ts", import.meta.url),
  `/**
 * Emoji and their names, as \`emojiNames\` reads them; written by build-emoji-table.ts.
 *
 * The names are those of the Python package emoji 2.16.0, which takes them from Unicode's emoji-test.txt, version 18.0
 * (Copyright Unicode, Inc., under the Unicode License v3, https://www.unicode.org/license.txt).
 */
export const emojiTable = \`
${table}
\`;
`,
);
