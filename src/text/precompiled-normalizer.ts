import { z } from "zod";
import { readCharsmap } from "./precompiled-charsmap.ts";
import { remember } from "./remember.ts";

/** The `Precompiled` normaliser of a tokenizer.json; without a map it changes nothing. */
const precompiled = z.object({ precompiled_charsmap: z.string().nullable().default(null) });

/** Longest grapheme cluster that is looked up as a whole, in bytes of UTF-8. */
const WHOLE_CLUSTER_BYTES = 5;
const PRINTABLE_ASCII = /^[ -~]*$/;

/**
 * SentencePiece's normalisation with the map of the model, as the Rust library does it: a grapheme cluster of up to
 * five bytes becomes what its beginning is mapped to, a longer one is mapped character by character.
 *
 * It takes the place of the one in @huggingface/tokenizers 0.2, which approximates every map with Unicode's NFKC.
 * What remains is Unicode's age: the JavaScript engine says which characters form a cluster (in time that grows with the
 * text's length; in Node 20 it was with its square).
 */
export function precompiledNormalizer(config: unknown): (text: string) => string {
  const { precompiled_charsmap } = precompiled.parse(config);
  if (!precompiled_charsmap) return (text) => text;
  const charsmap = readCharsmap(precompiled_charsmap);
  const clusters = new Intl.Segmenter("und", { granularity: "grapheme" });

  const normalizeWhole: (cluster: string) => string = remember(
    (cluster) => charsmap.replacementOf(cluster) ?? normalizeEach(cluster),
  );
  const normalizeEach = (cluster: string): string => {
    const characters = [...cluster];
    return characters.length === 1 ? cluster : characters.map(normalizeWhole).join("");
  };
  const isMapped = (code: number) => charsmap.replacementOf(String.fromCharCode(code)) !== null;
  const asciiStays = !Array.from({ length: 0x7f - 0x20 }, (_, index) => 0x20 + index).some(isMapped);

  return (text) => {
    if (asciiStays && PRINTABLE_ASCII.test(text)) return text;
    let result = "";
    for (const { segment } of clusters.segment(text))
      result += isShort(segment) ? normalizeWhole(segment) : normalizeEach(segment);
    return result;
  };
}

const encoder = new TextEncoder();
const isShort = (cluster: string): boolean =>
  cluster.length === 1 ||
  (cluster.length <= WHOLE_CLUSTER_BYTES && encoder.encode(cluster).length <= WHOLE_CLUSTER_BYTES);
