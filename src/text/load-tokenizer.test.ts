import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadTokenizer, padTogether, type Tokenizer } from "./index.ts";

interface Options {
  add_special_tokens?: boolean;
  truncation?: true | "only_first";
  max_length?: number;
  padding?: "max_length" | true;
}
interface Golden {
  cases: {
    text: string;
    pair?: string;
    options: Options;
    ids: number[];
    attention_mask: number[];
    token_type_ids?: number[];
    decoded: string;
    decoded_skip_special: string;
  }[];
  batches: { texts: string[]; options: Options; ids: number[][]; attention_mask: number[][] }[];
}

const shared = new URL("../../../shared/", import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, shared));
const golden = (name: string): Golden =>
  JSON.parse(readFileSync(path(`goldens/tokenizers/${name}.cases.json`), "utf8"));
const present = existsSync(path("goldens/tokenizers"));
if (!present) console.warn("SKIPPED: shared/goldens/tokenizers is not beside the repository");

/** Folder of each tokenizer. */
const tokenizers: { name: string; folder: string }[] = [
  { name: "wordpiece-bert", folder: "goldens/tokenizers/wordpiece-bert" },
  { name: "real-bert-base-uncased", folder: "weights/tokenizers/bert-base-uncased" },
  { name: "bytebpe-roberta", folder: "goldens/tokenizers/bytebpe-roberta" },
  { name: "real-roberta-base", folder: "weights/tokenizers/roberta-base" },
  { name: "fastbpe-bertweet", folder: "goldens/tokenizers/fastbpe-bertweet" },
  { name: "unigram-t5", folder: "goldens/tokenizers/unigram-t5" },
  { name: "real-t5-small", folder: "weights/tokenizers/t5-small" },
];

describe.skipIf(!present)("as the Python library", () => {
  describe.each(tokenizers)("$name", ({ name, folder }) => {
    test("ids, type ids and masks, with pairs, truncation and padding", async () => {
      const tokenizer = await loadTokenizer(path(folder));
      const wrong = golden(name).cases.filter(({ text, pair, options, ...wanted }) => {
        const { ids, typeIds } = tokenizer.encode(text, {
          ...(pair === undefined ? {} : { pair }),
          ...(options.truncation ? { maxLength: options.max_length! } : {}),
          truncation: options.truncation === "only_first" ? "only_first" : "longest_first",
          addSpecialTokens: options.add_special_tokens ?? true,
        });
        const padding = options.padding ? options.max_length! - ids.length : 0;
        const got = {
          ids: [...ids, ...new Array(padding).fill(tokenizer.padId)],
          types: wanted.token_type_ids && [...typeIds, ...new Array(padding).fill(0)],
          mask: [...ids.map(() => 1), ...new Array(padding).fill(0)],
        };
        const same =
          String(got.ids) === String(wanted.ids) &&
          String(got.types) === String(wanted.token_type_ids) &&
          String(got.mask) === String(wanted.attention_mask);
        return !same;
      });
      expect(wrong.map(({ text, pair, options }) => ({ text, pair, options }))).toEqual([]);
    });

    test("decoding, with and without special tokens", async () => {
      const tokenizer = await loadTokenizer(path(folder));
      for (const { ids, decoded, decoded_skip_special } of golden(name).cases) {
        expect(tokenizer.decode(ids)).toBe(decoded);
        expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(decoded_skip_special);
      }
    });

    test("batches, padded together", async () => {
      const tokenizer = await loadTokenizer(path(folder));
      const { batches } = golden(name);
      expect(batches.length).toBeGreaterThan(5);
      for (const { texts, options, ids, attention_mask } of batches) {
        const maxLength = options.truncation ? options.max_length! : Number.POSITIVE_INFINITY;
        const padded = padTogether(
          texts.map((text) => tokenizer.encode(text, { maxLength })),
          tokenizer,
        );
        expect(padded.input_ids.shape).toEqual([texts.length, ids[0]?.length]);
        expect([...padded.input_ids.data].map(Number)).toEqual(ids.flat());
        expect([...padded.attention_mask.data].map(Number)).toEqual(attention_mask.flat());
      }
    });
  });
});

describe.skipIf(!present)("a folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "havn-text-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const texts = present ? golden("wordpiece-bert").cases.map(({ text }) => text) : [];
  const idsOf = (tokenizer: Tokenizer) => texts.map((text) => tokenizer.encode(text).ids);

  test("with only the vocabulary of a BERT is read like one with tokenizer.json", async () => {
    const source = path("goldens/tokenizers/wordpiece-bert");
    await writeFile(join(folder, "vocab.txt"), await readFile(join(source, "vocab.txt")));
    const tokenizer = await loadTokenizer(folder);
    expect(idsOf(tokenizer)).toEqual(idsOf(await loadTokenizer(source)));
    expect(tokenizer).toMatchObject({ size: 1000, padId: 0 });
  });

  test("with do_lower_case false keeps capitals and accents", async () => {
    const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "É", "e"];
    await writeFile(join(folder, "vocab.txt"), vocabulary.join("\r\n"));
    expect((await loadTokenizer(folder)).encode("É e").ids).toEqual([2, 6, 6, 3]);
    await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify({ do_lower_case: false }));
    expect((await loadTokenizer(folder)).encode("É e").ids).toEqual([2, 5, 6, 3]);
  });

  test.each(["wordpiece-bert", "bytebpe-roberta", "fastbpe-bertweet", "unigram-t5"])(
    "is saved and read again: %s",
    async (name) => {
      const source = await loadTokenizer(path(`goldens/tokenizers/${name}`));
      await source.save(join(folder, "saved"));
      const again = await loadTokenizer(join(folder, "saved"));
      expect(idsOf(again)).toEqual(idsOf(source));
      expect(again).toMatchObject({ size: source.size, padId: source.padId });
    },
  );

  test("saves the vocabulary as it was", async () => {
    const source = path("goldens/tokenizers/wordpiece-bert");
    await (await loadTokenizer(source)).save(folder);
    expect(await readFile(join(folder, "vocab.txt"), "utf8")).toBe(
      await readFile(join(source, "vocab.txt"), "utf8"),
    );
  });

  const message = () =>
    loadTokenizer(folder).then(
      () => "",
      (error: Error) => error.message.replaceAll(folder, "FOLDER"),
    );

  test("that is not there, or holds no tokenizer, is refused with what it holds", async () => {
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER: must hold a tokenizer (bpe.codes and vocab.txt, or tokenizer.json, or vocab.json and merges.txt, or vocab.txt), got nothing"`,
    );
    await writeFile(join(folder, "merges.txt"), "");
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER: must hold a tokenizer (bpe.codes and vocab.txt, or tokenizer.json, or vocab.json and merges.txt, or vocab.txt), got merges.txt"`,
    );
    await expect(loadTokenizer(join(folder, "none"))).rejects.toThrow(/none: is no folder that can be read/);
  });

  test("with a broken file is refused with the file", async () => {
    await writeFile(join(folder, "vocab.txt"), "[PAD]\n[UNK]\n");
    expect(await message()).toMatchInlineSnapshot(
      `"FOLDER/vocab.txt: must have the special token [SEP] on a line of its own, got 2 lines without it"`,
    );
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify({ model: { type: "WordPiece" } }));
    expect(await message()).toMatchInlineSnapshot(`
      "FOLDER/tokenizer.json: is not as Hugging Face writes it: ✖ Invalid input
        → at model.vocab"
    `);
    const unknown = { normalizer: { type: "Rot13" }, model: { type: "WordPiece", vocab: {} } };
    await writeFile(join(folder, "tokenizer.json"), JSON.stringify(unknown));
    expect(await message()).toMatch(/^FOLDER: holds a tokenizer that is not supported: Error: .*Rot13/);
    await writeFile(join(folder, "tokenizer.json"), "{");
    expect(await message()).toMatch(/tokenizer.json: is not as Hugging Face writes it: SyntaxError/);
  });
});

describe.skipIf(!present)("encoding", () => {
  const bert = () => loadTokenizer(path("goldens/tokenizers/wordpiece-bert"));
  const roberta = () => loadTokenizer(path("goldens/tokenizers/bytebpe-roberta"));
  const tweets = () => loadTokenizer(path("goldens/tokenizers/fastbpe-bertweet"));
  const t5 = () => loadTokenizer(path("goldens/tokenizers/unigram-t5"));

  test("a limit gives the beginning of the whole, wherever the text could be cut", async () => {
    const tokenizers = [await bert(), await roberta(), await t5(), await tweets()];
    const piece = fc.constantFrom(
      ..."ab7 é,]['-.\u0301\u200B\u0085\uFEFF\u0600\u0000中😀\uD800\n".split(""),
      ...["[SEP]", "[MASK]", " <mask>", "</s>", "the movie", "  ", "don't", "<extra_id_1>", "x".repeat(120)],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 200 }),
        fc.integer({ min: 2, max: 20 }),
        (pieces, maxLength) => {
          for (const tokenizer of tokenizers) {
            const all = tokenizer.encode(pieces.join(""), { addSpecialTokens: false }).ids;
            const some = tokenizer.encode(pieces.join(""), { addSpecialTokens: false, maxLength }).ids;
            expect(some).toEqual(all.slice(0, maxLength));
          }
        },
      ),
    );
  });

  test("a megabyte of anything gives at most maxLength tokens", async () => {
    const units = ["a", "a ", " ", ".", "]", "\0", "\uD800", "中", "\u0301", "[SEP]", "\n\n", "Σ"];
    const cases = [
      { tokenizer: await bert(), units },
      { tokenizer: await roberta(), units: ["a", "a ", " "] },
      { tokenizer: await t5(), units: ["a", "a ", "\0", "中", "\u0301"] },
    ];
    for (const { tokenizer, units } of cases)
      for (const unit of units) {
        const { ids } = tokenizer.encode(unit.repeat(2 ** 20 / unit.length), { maxLength: 64 });
        expect(ids.length).toBeLessThanOrEqual(64);
      }
  });

  test("an empty second text is still a second text", async () => {
    expect((await bert()).encode("a", { pair: "" })).toEqual({ ids: [2, 41, 3, 3], typeIds: [0, 0, 0, 1] });
  });

  test("a limit below the special tokens is refused", async () => {
    const tokenizer = await bert();
    expect(tokenizer.encode("a movie", { maxLength: 2 }).ids).toEqual([2, 3]);
    expect(() => tokenizer.encode("a movie", { maxLength: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[TextError: maxLength: must be at least 2, the number of special tokens, got 1]`,
    );
    const onlyFirst = { pair: "a long second", maxLength: 5, truncation: "only_first" } as const;
    expect(() => tokenizer.encode("a movie", onlyFirst)).toThrowErrorMatchingInlineSnapshot(
      `[TextError: maxLength: must leave room for the second text, which has 4 tokens: only 2 are free, and only the first text may be cut]`,
    );
  });

  test("no tokens decode to no text", async () => {
    expect((await bert()).decode([])).toBe("");
  });
});
