import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isLora } from "../nn/index.ts";
import { evaluate } from "../train/index.ts";
import { writeInference } from "./model-folder.ts";
import type { OpenModel } from "./task.ts";
import { type TranslationConfig, translation } from "./translation.ts";
import { translationDataConfig } from "./translation-data.ts";
import type { Translator } from "./translator.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-translation-"));
});
afterAll(() => rm(folder, { recursive: true }));

const projectFolder = fileURLToPath(new URL("../../projects/translator/", import.meta.url));

const dataOf = (given: object) =>
  translationDataConfig.parse({ folder: ".", train: "train.tsv", source: "da", target: "en", ...given });

const generation = {
  ...{ beams: 4, max_length: 64, length_penalty: 1, early_stopping: true, no_repeat_ngram_size: 0 },
} as const;

const configOf = (model: object, data: object = {}, written: object = {}): TranslationConfig => ({
  data: dataOf(data),
  development_mode: false,
  model: { checkpoint: null, tokenizer: null, lora: null, architecture: {}, max_length: 64, ...model },
  loss: { label_smoothing: 0.1 },
  generation: { ...generation, ...written },
});

const tiny = {
  tokenizer: join(projectFolder, "tokenizer"),
  architecture: {
    ...{ model_type: "t5", vocab_size: 8000, d_model: 16, d_kv: 8, num_heads: 2, d_ff: 32, num_layers: 1 },
  },
};

describe("reading pairs", () => {
  const read = async (content: string, given: object = {}, seed = 1) => {
    await writeFile(join(folder, "train.tsv"), content);
    return translation.read(configOf({}, given), { folder, seed });
  };
  const lines = Array.from({ length: 100 }, (_, i) => `da ${i}\ten ${i}\t${i % 4 === 0 ? "book" : "talk"}\n`);
  const content = `da\ten\tof\n${lines.join("")}`;

  test("one file is divided as the shares say, the same way for the same seed, each group alike", async () => {
    const given = { shares: { validation: 0.1, test: 0.2 }, group: "of" };
    const { train, validation, test: held } = await read(content, given);
    expect([train, validation, held].map(({ rows }) => rows.length)).toEqual([70, 10, 20]);
    expect(held.rows.filter(({ group }) => group === "book")).toHaveLength(5);
    expect(new Set([...train.rows, ...validation.rows, ...held.rows].map(({ text }) => text)).size).toBe(100);
    expect((await read(content, given)).test.rows).toEqual(held.rows);
    const other = await read(content, given, 2);
    expect(other.test.rows).not.toEqual(held.rows);
    // What was measured on other rows cannot be compared.
    expect(new Set([train, validation, held, other.validation].map(({ hash }) => hash)).size).toBe(4);
  });

  test("a mixture repeats one group and takes a part of another, in training alone", async () => {
    const given = {
      validation: "train.tsv",
      test: "train.tsv",
      group: "of",
      mixture: { book: 2, talk: 0.4 },
    };
    const { train, test: held } = await read(content, given);
    const of = (group: string) => train.rows.filter((row) => row.group === group);
    expect(of("book")).toHaveLength(50);
    expect(of("talk")).toHaveLength(30);
    expect(new Set(of("book")).size).toBe(25);
    expect(held.rows).toHaveLength(100);
  });

  test("long sources are not trained on, but they are judged", async () => {
    const { train, validation } = await read(content, {
      ...{ validation: "train.tsv", test: "train.tsv", max_characters: 4 },
    });
    expect(train.rows).toHaveLength(10);
    expect(validation.rows).toHaveLength(100);
  });

  test("columns and groups that do not fit are refused", async () => {
    await expect(read(content, { target: "da" })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: data.target must name another column than data.source, got da for both]`,
    );
    await expect(
      read(content, { group: "of", mixture: { film: 2 } }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: data.mixture: no row has "film" in column of; there are book, talk]`,
    );
    await expect(read(content, { mixture: { film: 2 } })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: data.mixture needs data.group, the column that says which group a row is of]`,
    );
  });
});

describe("what is asked of tokenizer and model", () => {
  const context = { folder: projectFolder, seed: 1 };

  test("every token has its embedding, and the text ends where the model ends", async () => {
    const small = { ...tiny, architecture: { ...tiny.architecture, vocab_size: 100 } };
    await expect(translation.create(configOf(small), context)).rejects.toThrow(
      "vocab_size must be at least 8000",
    );
    const otherEnd = { ...tiny, architecture: { ...tiny.architecture, eos_token_id: 5 } };
    await expect(translation.create(configOf(otherEnd), context)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: the tokenizer must end every text with token 5, the model's eos_token_id, got 1]`,
    );
    const otherPadding = { ...tiny, architecture: { ...tiny.architecture, pad_token_id: 5 } };
    await expect(
      translation.create(configOf(otherPadding), context),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: the tokenizer must pad with token 5, the model's pad_token_id, got 0]`,
    );
  });

  test("adapters alone are trained, and merged when the model is finished", async () => {
    const lora = { rank: 2, alpha: 4, targets: ["q", "v"] };
    const model = await translation.model(configOf({ ...tiny, lora }), context, []);
    const trained = [...model.parameters.keys()].filter((name) => !model.frozen.has(name));
    expect(trained.every(isLora)).toBe(true);
    // Two matrices for queries and values of three attentions: the encoder's, the decoder's own and that to the source.
    expect(trained).toHaveLength(12);
    const finished = model.finish(model.weights);
    expect([...finished.weights.keys()].some(isLora)).toBe(false);
    expect(model.notes.at(-1)).toBe("6 layers have adapters of rank 2; the rest of the model is frozen");
  });

  test("a batch counts by its tokens", async () => {
    const task = await translation.create(configOf(tiny), context);
    const model = await translation.model(configOf(tiny), context, []);
    const rows = [
      { text: "Hej", target: "Hello there, you" },
      { text: "Farvel", target: "Bye" },
    ];
    const examples = await Promise.all(rows.map((row) => task.prepare(row)));
    const tokens = examples.reduce((sum, { labels }) => sum + labels!.length, 0);
    expect(model.lossWeight?.(task.collate(examples))).toBe(tokens);
  });
});

interface Summary {
  readonly generate_inputs: { readonly texts: string[] };
  readonly generate: { readonly beam4_64: { readonly sequences: number[][] } };
  readonly references: string[];
  readonly corpus_bleu_beam4_64: { readonly score: number; readonly signature: string };
}

const checkpoint = fileURLToPath(new URL("../../../shared/goldens/models/t5-tiny-fit/", import.meta.url));
const present = existsSync(checkpoint);
if (!present) console.warn("SKIPPED: shared/goldens/models is not beside the repository");

describe.skipIf(!present)("a finished model of a checkpoint", () => {
  const golden: Summary = present
    ? JSON.parse(readFileSync(join(checkpoint, "summary.json"), "utf8"))
    : undefined!;
  const config = configOf({ checkpoint });
  const context = { folder: "/", seed: 1 };
  let finished: string;
  let task: Translator;
  let model: OpenModel;

  const pairs = () =>
    golden.generate_inputs.texts.map((text, i) => ({ text, target: golden.references[i]! }));
  const ask = async (...texts: string[]) =>
    task.collate(await Promise.all(texts.map((text) => task.prepare({ text }))));

  beforeAll(async () => {
    finished = await mkdtemp(join(tmpdir(), "havn-translation-model-"));
    const saved = {
      task: await translation.create(config, context),
      model: await translation.model(config, context, []),
      origin: { project: "translator", runId: "0" },
    };
    await writeInference(finished, saved);
    task = await translation.open(finished);
    model = await translation.openModel!(finished);
  });
  afterAll(async () => {
    await model.close();
    await rm(finished, { recursive: true });
  });

  test("has its two programs, its tokenizer, and what Hugging Face keeps of generation", async () => {
    const json = async (file: string) => JSON.parse(await readFile(join(finished, file), "utf8"));
    expect(await json("generation_config.json")).toEqual({
      ...{ num_beams: 4, max_length: 64, min_length: 0, length_penalty: 1, early_stopping: true },
      ...{ no_repeat_ngram_size: 0, decoder_start_token_id: 0, eos_token_id: 1, pad_token_id: 0 },
    });
    const { programs, preparation } = await json("inference.json");
    expect(programs).toMatchObject([{ file: "encoder.onnx" }, { file: "decoder.onnx" }]);
    expect(preparation).toContain("generation_config.json");
    expect(preparation).toContain("tokenizer.json");
  });

  test("writes what transformers writes, and is judged as sacreBLEU judges it", async () => {
    const run = (inputs: Parameters<OpenModel["run"]>[0]) => model.run(inputs);
    const { metrics, outcomes } = await evaluate(run, task, pairs(), { batchSize: 4 });
    expect(metrics.bleu).toBeCloseTo(golden.corpus_bleu_beam4_64.score, 9);
    const [line] = task.report!(outcomes);
    expect(line).toContain(`BLEU|${golden.corpus_bleu_beam4_64.signature} = 73.8 `);
    // Through a service, too.
    const answers = task.respond(await model.run(await ask(...pairs().map(({ text }) => text))));
    expect(answers.map((answer, i) => task.judge!(pairs()[i]!, answer))).toEqual(outcomes);
    const wrong = task.mistakes(pairs(), outcomes);
    expect(wrong.length).toBeLessThan(14);
    expect(Object.keys(wrong[0]!)).toEqual(["source", "target", "translation", "chrf"]);
  });

  test("a batch of mixed lengths is translated as one by one", async () => {
    const { texts } = golden.generate_inputs;
    const together = task.respond(await model.run(await ask(...texts)));
    for (const [i, text] of texts.entries())
      expect(task.respond(await model.run(await ask(text)))).toEqual([together[i]]);
  });

  test("parts of a streamed answer are its words, one after the other", async () => {
    const [text] = golden.generate_inputs.texts as [string];
    const inputs = await ask(text);
    const [whole] = task.respond(await model.run(inputs));
    const parts: string[] = [];
    const outputs = await model.stream!(inputs, (soFar) => {
      const [part] = task.respond(soFar);
      expect(part).toMatchObject({ isSourceCut: false, isTranslationCut: false });
      parts.push(part!.translation);
    });
    expect(task.respond(outputs)).toEqual([whole]);
    expect(parts.length).toBeGreaterThan(1);
    const words = whole!.translation.split(" ");
    for (const part of parts) expect(words.slice(0, part.split(" ").length).join(" ")).toBe(part);
  });

  test("who no longer listens ends a stream", async () => {
    const inputs = await ask(golden.generate_inputs.texts[0]!);
    const stop = () => {
      throw new Error("nobody waits");
    };
    await expect(model.stream!(inputs, stop)).rejects.toThrow("nobody waits");
    expect(task.respond(await model.run(inputs))).toHaveLength(1);
  });

  test("a source that is too long is cut, and the answer says so; an empty one has an answer too", async () => {
    const long = golden.generate_inputs.texts.join(" ").repeat(3);
    const [cut, short, empty] = task.respond(await model.run(await ask(long, "Forstod du det?", "")));
    expect(cut!.isSourceCut).toBe(true);
    expect(short).toMatchObject({ isSourceCut: false, isTranslationCut: false });
    expect(empty!.isSourceCut).toBe(false);
  });

  test("a translation that reaches its longest length says that it is cut", async () => {
    const shorter = configOf({ checkpoint }, {}, { max_length: 4 });
    const other = await mkdtemp(join(tmpdir(), "havn-translation-short-"));
    try {
      await (await translation.create(shorter, context)).save(other);
      const short = await translation.open(other);
      const [sequence] = golden.generate.beam4_64.sequences as [number[]];
      const data = BigInt64Array.from(sequence.slice(0, 4), BigInt);
      const [answer] = short.respond({ sequences: { dtype: "int64", shape: [1, 4], data } });
      expect(answer!.isTranslationCut).toBe(true);
    } finally {
      await rm(other, { recursive: true });
    }
  });

  test.each(["int8", "float16"] as const)("opens and answers in %s", async (precision) => {
    const variant = await mkdtemp(join(tmpdir(), "havn-translation-variant-"));
    try {
      const finishedModel = await translation.model(config, context, []);
      await writeInference(
        variant,
        { task, model: finishedModel, origin: { project: "t", runId: "0" } },
        precision,
      );
      const opened = await translation.openModel!(variant);
      const run = (inputs: Parameters<OpenModel["run"]>[0]) => opened.run(inputs);
      const { metrics } = await evaluate(run, task, pairs(), { batchSize: 14 });
      await opened.close();
      // Of a model this small rounding takes a few words.
      expect(metrics.bleu).toBeGreaterThan(40);
    } finally {
      await rm(variant, { recursive: true });
    }
  });
});
