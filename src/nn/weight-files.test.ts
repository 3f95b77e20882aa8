import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { float32, type NdArray } from "../tensor/index.ts";
import { initialize, namedParameters } from "./module.ts";
import { loadWeights, savePretrained } from "./pretrained.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { sequenceClassifier } from "./sequence-classifier.ts";
import { openWeights, writeWeights } from "./weight-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-weights-"));
});
afterEach(() => rm(folder, { recursive: true }));

const array = (...values: number[]) => float32([values.length], values);
/** 4, 8, 40 and 12 bytes. */
const tensors = new Map<string, NdArray>([
  ["d", array(1)],
  ["c", array(2, 3)],
  ["b", array(...Array.from({ length: 10 }, (_, i) => i))],
  ["a", array(4, 5, 6)],
]);
const indexFile = "model.safetensors.index.json";
const shard = (i: number) => `model-0000${i}-of-00003.safetensors`;
const index = async (): Promise<unknown> => JSON.parse(await readFile(join(folder, indexFile), "utf8"));
const changeIndex = (weight_map: Record<string, string>) =>
  writeFile(join(folder, indexFile), JSON.stringify({ weight_map }));

async function readAll(): Promise<Map<string, NdArray>> {
  const file = await openWeights(folder);
  const read = new Map<string, NdArray>();
  for (const name of file.entries.keys()) read.set(name, await file.read(name));
  await file.close();
  return read;
}
const refusal = () =>
  openWeights(folder).then(
    () => "no refusal",
    (error: Error) => error.message.replace(folder, "").replace("\\", "/"),
  );

describe("weights above the size limit", () => {
  // A tensor beyond the limit has a file of its own; the others fill one before the next begins.
  beforeEach(() => writeWeights(folder, tensors, { maxShardBytes: 20 }));

  test("are written to several files with an index, as transformers writes them", async () => {
    expect((await readdir(folder)).sort()).toEqual([shard(1), shard(2), shard(3), indexFile]);
    expect(await index()).toEqual({
      metadata: { total_parameters: 16, total_size: 64 },
      weight_map: { a: shard(3), b: shard(1), c: shard(2), d: shard(2) },
    });
    const text = await readFile(join(folder, indexFile), "utf8");
    expect(text.indexOf('"a"')).toBeLessThan(text.indexOf('"b"'));
    expect(text.endsWith("}\n")).toBe(true);
    const { metadata, tensors: ofOne } = await readSafetensors(join(folder, shard(2)));
    expect(metadata).toEqual({ format: "pt" });
    expect([...ofOne.keys()].sort()).toEqual(["c", "d"]);
  });

  test("are read back", async () => {
    expect(await readAll()).toEqual(tensors);
  });

  test("give way to one file that is written later, and the other way round", async () => {
    await writeWeights(folder, tensors);
    expect(await readdir(folder)).toEqual(["model.safetensors"]);
    await writeWeights(folder, tensors, { maxShardBytes: 52 });
    expect((await readdir(folder)).sort()).toEqual([
      ...["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", indexFile],
    ]);
    expect(await readAll()).toEqual(tensors);
  });

  test("of which a file is missing are refused", async () => {
    await rm(join(folder, shard(3)));
    expect(await refusal()).toMatchInlineSnapshot(
      `"/model.safetensors.index.json: names model-00003-of-00003.safetensors, which is missing beside it: copy or download it too"`,
    );
  });

  test("of which a file lacks a tensor that the index places in it are refused", async () => {
    await writeSafetensors(join(folder, shard(2)), new Map([["d", array(1)]]));
    expect(await refusal()).toMatchInlineSnapshot(
      `"/model-00002-of-00003.safetensors: tensor "c" is missing, though model.safetensors.index.json places it here"`,
    );
  });

  test("of which a file is cut off are refused", async () => {
    await writeFile(join(folder, shard(2)), "short");
    expect(await refusal()).toMatchInlineSnapshot(
      `"/model-00002-of-00003.safetensors: is not a whole safetensors file: it has 5 bytes, expected at least 8"`,
    );
  });

  test.each([
    ["[]", "a list"],
    ['{"weight_map": {"a": 3}}', "a number for a file"],
    ['{"weight_map": {"a": "../a.safetensors"}}', "a file elsewhere"],
    ['{"weight_map": {"a": "/etc/a.safetensors"}}', "a file anywhere"],
    ['{"weight_map": {"a": "run.py"}}', "a file of another kind"],
  ])("with %s as their index, %s, are refused", async (text) => {
    await writeFile(join(folder, indexFile), text);
    expect(await refusal()).toContain(
      `/${indexFile}: must have a weight_map from tensors to files beside it, such as`,
    );
  });

  test("whose index is no JSON are refused", async () => {
    await writeFile(join(folder, indexFile), "{");
    expect(await refusal()).toMatch(/^\/model\.safetensors\.index\.json: cannot be read: /);
  });

  test("that the index does not name count too, and of two equal names the one that it names", async () => {
    await writeSafetensors(
      join(folder, shard(3)),
      new Map([
        ["a", array(4, 5, 6)],
        ["c", array(7)],
        ["e", array(8)],
      ]),
    );
    expect(await readAll()).toEqual(new Map([...tensors, ["e", array(8)]]));
  });
});

describe("a model in several files", () => {
  const config = {
    model_type: "distilbert",
    ...{ vocab_size: 10, max_position_embeddings: 4, dim: 4, n_layers: 1, n_heads: 2, hidden_dim: 8 },
  };
  const parameters = namedParameters(sequenceClassifier(config, 2));
  const weights = initialize(parameters, () => 0.3);
  const load = () => loadWeights(folder, parameters, { base: "distilbert", random: () => 0.5 });
  beforeEach(() => savePretrained(folder, config, weights, { maxShardBytes: 500 }));

  test("is loaded as one in a single file", async () => {
    expect((await readdir(folder)).length).toBeGreaterThan(3);
    expect(await load()).toEqual({ weights, fresh: [], unused: [] });
  });

  test("that has a tensor in no file is refused", async () => {
    const name = "distilbert.embeddings.LayerNorm.bias";
    const without = new Map([...weights].filter(([tensor]) => tensor !== name));
    await savePretrained(folder, config, without, { maxShardBytes: 500 });
    await expect(load()).rejects.toThrow(
      `${join(folder, indexFile)}: tensor "${name}" of shape [4] is missing`,
    );
  });

  test("in which a tensor has another shape is refused with the file that has it", async () => {
    const name = "distilbert.embeddings.LayerNorm.bias";
    await savePretrained(folder, config, new Map([...weights, [name, array(1, 2, 3)]]), {
      maxShardBytes: 500,
    });
    const { weight_map } = (await index()) as { weight_map: Record<string, string> };
    await expect(load()).rejects.toThrow(
      `${join(folder, weight_map[name]!)}: tensor "${name}" must have shape [4], got [3]`,
    );
  });

  test("with an index that places a tensor in a file without it is refused", async () => {
    await changeIndex({ nothing: (await readdir(folder)).find((name) => name.includes("-of-"))! });
    await expect(load()).rejects.toThrow('tensor "nothing" is missing, though model.safetensors.index.json');
  });
});
