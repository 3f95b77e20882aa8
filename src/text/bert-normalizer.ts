import { z } from "zod";

/** The `normalizer` entry of a BERT's tokenizer.json: which steps run. */
export const bertNormalizing = z
  .object({
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullable().default(null),
    lowercase: z.boolean().default(true),
  })
  .transform(({ clean_text, handle_chinese_chars, strip_accents, lowercase }) => ({
    cleanText: clean_text,
    spaceChinese: handle_chinese_chars,
    // As in the original: accents go with the capitals, unless said otherwise.
    stripAccents: strip_accents ?? lowercase,
    lowercase,
  }));

// Control, format, private and surrogate characters; tab and line ends are white space here.
const INVISIBLE = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]/gu;
const WHITE_SPACE = /\s/gu;
// The blocks of the reference library, its 2B920 (for 2B820) included: ids must agree.
const CHINESE =
  /[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;
const ACCENT = /\p{Mn}/gu;

/** The `BertNormalizer` of a tokenizer.json. */
export function bertNormalizer(config: unknown): (text: string) => string {
  const steps = bertNormalizing.parse(config);
  return (text) => normalizeBert(text, steps);
}

/**
 * BERT's basic normalisation (Devlin et al. 2019, `BasicTokenizer`), in the order of the Rust library.
 *
 * It takes the place of the one in @huggingface/tokenizers 0.2, which makes a Greek final sigma, overlooks Chinese
 * characters beyond U+FFFF, and is slower because it looks at each character with regular expressions. What remains
 * is Unicode's age: the Rust library does not know marks and punctuation younger than Unicode 8, such as U+061D.
 */
export function normalizeBert(
  text: string,
  { cleanText, spaceChinese, stripAccents, lowercase }: z.infer<typeof bertNormalizing>,
): string {
  let result = text;
  if (cleanText) result = result.replace(INVISIBLE, "").replace(WHITE_SPACE, " ");
  if (spaceChinese) result = result.replace(CHINESE, " $& ");
  if (stripAccents) result = result.normalize("NFD").replace(ACCENT, "");
  // The reference lower-cases letter by letter, so a sigma never becomes a final one.
  if (lowercase) result = result.replaceAll("Σ", "σ").toLowerCase();
  return result;
}
