import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteFile } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { savePretrained } from "../nn/index.ts";
import { compile, float32, openInference, TrainingPass } from "../tensor/index.ts";
import { textDataConfig } from "./labelled-texts.ts";
import { tinyReviews } from "./testing/tiny-reviews.ts";
import { type TextClassificationConfig, textClassification } from "./text-classification.ts";

const kind = textClassification;
/** The section `data` with what a test says of it. */
const dataOf = (given: object) =>
  textDataConfig.parse({
    ...{
      folder: ".",
      train: "train.csv",
      validation: "validation.csv",
      test: "test.csv",
      text: "text",
      label: "label",
    },
    ...{ labels: ["negative", "positive"], ...given },
  });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-text-classification-"));
  await tinyReviews(folder);
});
afterAll(() => rm(folder, { recursive: true }));

describe("reading rows", () => {
  const read = (file: string, given: object = {}) => {
    const data = dataOf({ train: file, validation: file, test: file, ...given });
    return kind.read({ data } as TextClassificationConfig, { folder, seed: 0 });
  };
  const write = async (file: string, content: string) => {
    await writeFile(join(folder, file), content);
    return file;
  };
  const expected = [
    { text: "good film", label: 1 },
    { text: "bad film", label: 0 },
  ];

  test.each([
    ["CSV with names", "a.csv", "text,label\ngood film,positive\nbad film,negative\n"],
    [
      "CSV with indices, in another order, with a column more",
      "b.csv",
      "id,label,text\n7,1,good film\n8,0,bad film\n",
    ],
    ["TSV", "c.tsv", "text\tlabel\ngood film\t1\nbad film\t0\n"],
    ["JSONL with numbers", "d.jsonl", '{"text":"good film","label":1}\n{"text":"bad film","label":0}\n'],
    [
      "JSONL with names",
      "e.jsonl",
      '{"text":"good film","label":"positive"}\n{"text":"bad film","label":"negative"}\n',
    ],
  ])("%s", async (_, file, content) => {
    const { train, test: last } = await read(await write(file, content));
    expect(train.rows).toEqual(expected);
    expect(last).toMatchObject({ name: "test", hash: train.hash });
  });

  test("Parquet, whose whole numbers have 64 bits", async () => {
    parquetWriteFile({
      filename: join(folder, "f.parquet"),
      columnData: [
        { name: "text", data: ["good film", "bad film"], type: "STRING" },
        { name: "label", data: [1n, 0n], type: "INT64" },
      ],
    });
    expect((await read("f.parquet")).train.rows).toEqual(expected);
  });

  test("columns of other names", async () => {
    const file = await write("g.csv", "review,sentiment\ngood film,positive\nbad film,negative\n");
    expect((await read(file, { text: "review", label: "sentiment" })).train.rows).toEqual(expected);
    await expect(read(file)).rejects.toThrow(
      /g\.csv:1: the header must have the columns text, label, got review, sentiment/,
    );
  });

  test("a bad label is named with file, line, column and what is allowed; so is a missing text", async () => {
    const file = await write("h.csv", 'text,label\ngood film,1\nbad film,4\n"two\nlines",2\n,0\n');
    const message = await read(file).catch((error: Error) => error.message.replaceAll(folder, ""));
    expect(message).toMatchInlineSnapshot(`
      "/h.csv:3: label must be "0", "1", "negative" or "positive", got "4"
      /h.csv:4: label must be "0", "1", "negative" or "positive", got "2"
      /h.csv:6: text must not be empty, got """
    `);
  });

  test("a label that is no name is no index either where the names are numbers", async () => {
    const file = await write("m.csv", "text,label\ngood film,5\nbad film,0\n");
    const message = await read(file, { labels: ["1", "5"] }).catch((error: Error) => error.message);
    expect(message).toMatch(/m\.csv:3: label must be "1" or "5", got "0"$/);
  });

  test("scores are divided by a threshold, columns are kept, and of many rows some are taken", async () => {
    const file = await write("j.csv", "text,score,party\ngood,-0.1,A\nbad,0.3,B\nworse,0.25,\nworst,0.9,B\n");
    const { train } = await read(file, { label: "score", label_threshold: 0.25, keep: ["party"], limit: 3 });
    expect(train.rows).toEqual([
      { text: "good", label: 0, kept: { party: "A" } },
      { text: "bad", label: 1, kept: { party: "B" } },
      { text: "worse", label: 0, kept: { party: "" } },
    ]);
  });

  test("development mode takes fifty rows, of all labels, and is not taken for the whole file", async () => {
    const lines = Array.from({ length: 120 }, (_, i) => `film ${i},${i < 96 ? 1 : 0}`);
    const file = await write("l.csv", ["text,label", ...lines, ""].join("\n"));
    const data = dataOf({ train: file, validation: file, test: file });
    const read = (given: object) =>
      kind.read(
        { ...kind.config.pick({ development_mode: true }).parse(given), data } as TextClassificationConfig,
        {
          ...{ folder, seed: 0 },
        },
      );
    const [whole, some] = [await read({}), await read({ development_mode: true })];
    expect(whole.train.rows).toHaveLength(120);
    expect(some.train.rows).toHaveLength(50);
    expect(some.train.rows.filter(({ label }) => label === 1)).toHaveLength(40);
    expect(some.validation.hash).not.toBe(whole.validation.hash);
  });

  test("a threshold divides into two classes only", async () => {
    const file = await write("k.csv", "text,label\ngood,1\n");
    await expect(
      read(file, { labels: ["a", "b", "c"], label_threshold: 0 }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: data.label_threshold divides scores into two classes; data.labels has 3]`,
    );
  });

  test("text and label cannot be the same column", async () => {
    const file = await write("i.csv", "text,label\ngood film,1\n");
    await expect(read(file, { label: "text" })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: data.label must name another column than data.text, got text for both]`,
    );
  });
});

describe("a model from a checkpoint folder", () => {
  const architecture = {
    model_type: "distilbert",
    ...{ vocab_size: 100, max_position_embeddings: 32, dim: 8, n_layers: 1, n_heads: 2, hidden_dim: 16 },
  };
  const context = () => ({ folder, seed: 1 });
  const loss = { label_smoothing: 0, class_weights: null };

  beforeAll(async () => {
    // A whole classifier, saved as Hugging Face does, with its tokenizer.
    await mkdir(join(folder, "checkpoint"));
    const scratch = { checkpoint: null, tokenizer: "tokenizer", max_length: 16, lora: null, architecture };
    const { weights, config } = await kind.model(
      { data: dataOf({}), model: scratch, loss } as never,
      context(),
      [],
    );
    await savePretrained(join(folder, "checkpoint"), config, weights);
    await copyFile(join(folder, "tokenizer", "vocab.txt"), join(folder, "checkpoint", "vocab.txt"));
  });

  const fromCheckpoint = (more: object = {}) => {
    const model = {
      ...{ checkpoint: "checkpoint", tokenizer: null, max_length: 16, architecture: {}, lora: null },
      ...more,
    };
    return { data: dataOf({}), model, loss } as unknown as TextClassificationConfig;
  };

  test("has its weights, whatever the seed", async () => {
    const first = await kind.model(fromCheckpoint(), context(), []);
    const second = await kind.model(fromCheckpoint(), { folder, seed: 2 }, []);
    expect(first.notes).toEqual([]);
    expect(first.weights).toEqual(second.weights);
    expect(first.config).toMatchObject({ ...architecture, id2label: { 0: "negative", 1: "positive" } });
  });

  test("has its tokenizer where the project names none", async () => {
    const task = await kind.create(fromCheckpoint(), context());
    expect(task.prepare({ text: "a b" })).toEqual({ ids: [2, 5, 7, 3] });
  });

  test("is found in the project's folder, and by its absolute path", async () => {
    await expect(
      kind.create(fromCheckpoint({ checkpoint: join(folder, "checkpoint") }), context()),
    ).resolves.toBeDefined();
    await expect(kind.create(fromCheckpoint({ checkpoint: "./nowhere" }), context())).rejects.toThrow(
      "./nowhere: is no folder, and no name of a model on the hub (such as distilbert-base-uncased)",
    );
  });

  test("says which weights are new and which are left over", async () => {
    const file = join(folder, "other-head");
    await mkdir(file);
    for (const name of ["config.json", "vocab.txt"])
      await copyFile(join(folder, "checkpoint", name), join(file, name));
    const { weights, config } = await kind.model(fromCheckpoint(), context(), []);
    const renamed = [...weights].map(
      ([name, array]) => [name.replace("classifier.", "vocab_"), array] as const,
    );
    await savePretrained(file, config, new Map(renamed));
    const { notes } = await kind.model(fromCheckpoint({ checkpoint: "other-head" }), context(), []);
    expect(notes).toEqual([
      "new weights for pre_classifier.weight, pre_classifier.bias, classifier.weight, classifier.bias",
      "the checkpoint's pre_vocab_bias, pre_vocab_weight, vocab_bias, vocab_weight are not used",
    ]);
  });

  test("with adapters only these and the head are trained; what is kept has no trace of them", async () => {
    const lora = { rank: 2, alpha: 4, targets: ["q_lin"] };
    const plain = await kind.model(fromCheckpoint(), context(), []);
    const adapted = await kind.model(fromCheckpoint({ lora }), context(), []);
    const trained = [...adapted.parameters.keys()].filter((name) => !adapted.frozen.has(name));
    const layer = "distilbert.transformer.layer.0.attention.q_lin";
    expect(trained).toEqual([
      ...[`${layer}.lora_A.weight`, `${layer}.lora_B.weight`],
      ...["pre_classifier.weight", "pre_classifier.bias", "classifier.weight", "classifier.bias"],
    ]);
    expect(adapted.notes).toEqual(["1 layer has an adapter of rank 2; the rest of distilbert is frozen"]);
    // B is still zero, so that the merged weights are the checkpoint's.
    expect(adapted.finish(adapted.weights).weights).toEqual(plain.weights);
    await expect(
      kind.model(fromCheckpoint({ lora: { ...lora, targets: ["query"] } }), context(), []),
    ).rejects.toThrow(
      "model.lora.targets: the model has no linear layer query; there are q_lin, k_lin, v_lin, out_lin, lin1, lin2, pre_classifier, classifier",
    );
  });

  test("rows of one label alone teach nothing", async () => {
    const rows = ["good", "fine"].map((text) => ({ text, label: 1 }));
    await expect(kind.model(fromCheckpoint(), context(), rows)).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: all 2 rows of the training split are positive; a model learns to tell labels apart from rows of two at least]`,
    );
  });

  test("classes count as the configuration says, or inversely to how often they occur", async () => {
    const rows = [0, 0, 0, 1].map((label) => ({ text: "a", label }));
    const lossOf = async (class_weights: unknown, label_smoothing = 0) => {
      const opinionated = {
        checkpoint: null,
        tokenizer: "tokenizer",
        architecture: { ...architecture, initializer_range: 1 },
      };
      const config = {
        ...fromCheckpoint(opinionated),
        loss: { class_weights, label_smoothing },
      } as TextClassificationConfig;
      const { forward, parameters, weights } = await kind.model(config, context(), rows);
      const program = compile(
        { trained: forward(new TrainingPass()).loss, measured: forward().loss },
        { parameters, weights },
      );
      const session = await openInference(program.bytes);
      const task = await kind.create(config, context());
      const inputs = task.collate([
        await task.prepare({ text: "a b", label: 0 }),
        await task.prepare({ text: "b", label: 1 }),
      ]);
      const masks = Object.fromEntries(
        program.masks.map(({ name, shape }) => {
          const sizes = shape.map((dim) => (dim === "batch" ? 2 : dim === "sequence" ? 4 : Number(dim)));
          return [name, { ...float32(sizes), data: float32(sizes).data.fill(1) }];
        }),
      );
      const { trained, measured } = await session.run({ ...inputs, ...masks });
      await session.close();
      return { trained: Number(trained!.data[0]), measured: Number(measured!.data[0]) };
    };
    const plain = await lossOf(null);
    expect(plain.trained).toBeCloseTo(plain.measured, 6);
    const [onlyFirst, onlySecond] = [await lossOf([1, 0]), await lossOf([0, 1])];
    expect(onlyFirst.measured).toBe(plain.measured);
    expect((onlyFirst.trained + onlySecond.trained) / 2).toBeCloseTo(plain.trained, 6);
    // 4 / (2 * 3) and 4 / (2 * 1): the rare class counts three times as much.
    expect((await lossOf("balanced")).trained).toBeCloseTo(
      (onlyFirst.trained + 3 * onlySecond.trained) / 4,
      5,
    );
    expect((await lossOf(null, 0.1)).trained).not.toBeCloseTo(plain.trained, 5);
    await expect(lossOf([1, 2, 3])).rejects.toThrow(
      "loss.class_weights must have one factor for each of negative, positive, got 3",
    );
  });

  test("needs room for every token and every position", async () => {
    const create = (more: object) => kind.create(fromCheckpoint(more), context());
    await expect(create({ max_length: 33 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: model.max_length must be at most 32, the tokens that the model has positions for, got 33]`,
    );
    await expect(create({ architecture: { vocab_size: 50 } })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: model.architecture.vocab_size must be at least 93, the size of the tokenizer's vocabulary, got 50]`,
    );
  });

  test("needs a tokenizer from somewhere", async () => {
    const create = kind.create(fromCheckpoint({ checkpoint: null, architecture }), context());
    await expect(create).rejects.toThrowErrorMatchingInlineSnapshot(
      `[TaskError: model.tokenizer must name a folder where model.checkpoint is null]`,
    );
  });

  test("what a task saves opens again and prepares the same", async () => {
    const task = await kind.create(fromCheckpoint(), context());
    await mkdir(join(folder, "saved"));
    await task.save(join(folder, "saved"));
    const opened = await kind.open(join(folder, "saved"));
    const text = "A warm and funny film, in 2 hours.";
    expect(opened.prepare({ text })).toEqual(task.prepare({ text }));
    expect(JSON.parse(await readFile(join(folder, "saved", "task.json"), "utf8"))).toEqual({
      ...{ labels: ["negative", "positive"], maxLength: 16, cleaning: "none" },
    });
  });
});
