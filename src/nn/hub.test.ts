import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findCheckpoint } from "./hub.ts";
import { commit, type SmallHub, smallHub } from "./testing/small-hub.ts";

const files = {
  required: ["config.json", "model.safetensors"],
  optional: ["tokenizer.json", "vocab.txt"],
};
const content = {
  "config.json": '{"model_type":"distilbert"}',
  "model.safetensors": "the weights, of some length",
  "vocab.txt": "[PAD]\n[UNK]\n",
};
const model = (name: string, given: Record<string, string> = content) =>
  Object.fromEntries(Object.entries(given).map(([file, text]) => [`${name}/${file}`, text]));

let folder: string;
let cacheDir: string;
let hub: SmallHub;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-hub-"));
  cacheDir = join(folder, "hub");
  hub = await smallHub({ ...model("distilbert-base-uncased"), ...model("someone/their-model") });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_HUB_CACHE", cacheDir);
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  vi.stubEnv("HF_TOKEN", undefined);
  // The library announces downloads with it.
  vi.spyOn(console, "debug").mockImplementation(() => {});
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await hub.close();
  await rm(folder, { recursive: true });
});

const find = (name = "distilbert-base-uncased") => findCheckpoint(name, files);
/** What it says when it fails, without what differs from run to run. */
const refusal = async (name?: string, options = {}) => {
  const message = await findCheckpoint(name ?? "distilbert-base-uncased", files, options).then(
    () => "no refusal",
    (error: Error) => error.message,
  );
  return message
    .replaceAll(folder, "")
    .replaceAll(hub.url, "HUB")
    .replaceAll(/:\d{4,5}\b/g, ":PORT");
};
const read = async (found: string) => {
  const names = (await readdir(found)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(found, name), "utf8")])),
  );
};

describe("a folder", () => {
  test("with the files is taken as it is", async () => {
    for (const name of files.required) await writeFile(join(folder, name), "");
    expect(await findCheckpoint(folder, files)).toBe(folder);
    expect(hub.requests).toEqual([]);
  });

  test("that lacks one is refused", async () => {
    await writeFile(join(folder, "config.json"), "");
    expect(await refusal(folder)).toMatchInlineSnapshot(`": lacks model.safetensors"`);
    await writeFile(join(folder, "pytorch_model.bin"), "");
    expect(await refusal(folder)).toMatchInlineSnapshot(
      `": has pytorch_model.bin but no model.safetensors; convert it once in Python: AutoModel.from_pretrained(".").save_pretrained(".")"`,
    );
  });

  test("with weights in several files is taken once all are there", async () => {
    await writeFile(join(folder, "config.json"), "");
    const shard = "model-00001-of-00001.safetensors";
    await writeFile(
      join(folder, "model.safetensors.index.json"),
      JSON.stringify({ weight_map: { a: shard } }),
    );
    expect(await refusal(folder)).toMatchInlineSnapshot(
      `": lacks model-00001-of-00001.safetensors (named by model.safetensors.index.json)"`,
    );
    await writeFile(join(folder, shard), "");
    expect(await findCheckpoint(folder, files)).toBe(folder);
  });

  test.each(["./nowhere", "/nowhere", "../nowhere", "~/nowhere", "a/b/c", "a\\b"])(
    "that is not there is not asked for on the hub: %s",
    async (name) => {
      expect(await refusal(name)).toContain("is no folder, and no name of a model on the hub");
      expect(hub.requests).toEqual([]);
    },
  );
});

describe("a model on the hub", () => {
  test.each(["distilbert-base-uncased", "someone/their-model"])("is downloaded: %s", async (name) => {
    const found = await find(name);
    expect(await read(found)).toEqual(content);
    expect(found).toBe(join(cacheDir, `models--${name.replace("/", "--")}`, "snapshots", commit));
  });

  test("lies in the cache as the Python library keeps it", async () => {
    const found = await find();
    const repository = join(cacheDir, "models--distilbert-base-uncased");
    expect(await readFile(join(repository, "refs", "main"), "utf8")).toBe(commit);
    expect((await readdir(join(repository, "blobs"))).length).toBe(3);
    if (process.platform !== "win32")
      expect((await lstat(join(found, "config.json"))).isSymbolicLink()).toBe(true);
  });

  test("is not asked for again, and needs no hub then", async () => {
    const found = await find();
    const asked = hub.requests.length;
    expect(await find()).toBe(found);
    expect(hub.requests).toHaveLength(asked);
    await hub.close();
    expect(await find()).toBe(found);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await find()).toBe(found);
  });

  test("of which another program has only the weights is completed, or used as it is without the hub", async () => {
    const repository = join(cacheDir, "models--distilbert-base-uncased");
    const snapshot = join(repository, "snapshots", commit);
    await mkdir(join(repository, "refs"), { recursive: true });
    await mkdir(snapshot, { recursive: true });
    await writeFile(join(repository, "refs", "main"), commit);
    for (const name of files.required) await writeFile(join(snapshot, name), "of Python");
    expect(await read(await findCheckpoint("distilbert-base-uncased", files, { offline: true }))).toEqual({
      ...{ "config.json": "of Python", "model.safetensors": "of Python" },
    });
    expect(await read(await find())).toEqual({
      ...{ "config.json": "of Python", "model.safetensors": "of Python" },
      "vocab.txt": content["vocab.txt"],
    });
  });

  test("that does not exist, or not for everybody, is refused with what to do", async () => {
    expect(await refusal("nobody/nothing")).toMatchInlineSnapshot(
      `"nobody/nothing: HUB has no such model or revision (main), or it needs an access token (HF_TOKEN); or give a local folder: model.checkpoint=FOLDER with config.json, model.safetensors"`,
    );
    hub.behaviour.token = "hf_secret";
    expect(await refusal("someone/their-model")).toContain("HUB has no such model");
    vi.stubEnv("HF_TOKEN", "hf_secret");
    expect(await read(await find("someone/their-model"))).toEqual(content);
  });

  test("without the files that are needed is refused", async () => {
    hub.behaviour.files = model("someone/old", { "config.json": "{}", "pytorch_model.bin": "weights" });
    expect(await refusal("someone/old")).toMatchInlineSnapshot(
      `"someone/old: has pytorch_model.bin but no model.safetensors; convert it once in Python: AutoModel.from_pretrained(".").save_pretrained(".") (HUB); or give a local folder: model.checkpoint=FOLDER with config.json, model.safetensors"`,
    );
  });

  describe("whose weights are in several files", () => {
    const index = (shards: readonly string[]) =>
      JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, i) => [`tensor${i}`, shard])) });
    const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    const sharded: Record<string, string> = {
      ...{ "config.json": "{}", "vocab.txt": "[PAD]\n[UNK]\n" },
      "model.safetensors.index.json": index(shards),
      ...Object.fromEntries(shards.map((shard) => [shard, `the weights of ${shard}`])),
    };

    test("is downloaded with all of them, and not asked for again", async () => {
      hub.behaviour.files = model("someone/large", sharded);
      expect(await read(await find("someone/large"))).toEqual(sharded);
      const asked = hub.requests.length;
      await find("someone/large");
      expect(hub.requests).toHaveLength(asked);
    });

    test("is refused where one is missing", async () => {
      const { [shards[1]!]: _, ...rest } = sharded;
      hub.behaviour.files = model("someone/large", rest);
      expect(await refusal("someone/large")).toMatchInlineSnapshot(
        `"someone/large: lacks model-00002-of-00002.safetensors (named by model.safetensors.index.json) (HUB); or give a local folder: model.checkpoint=FOLDER with config.json, model.safetensors"`,
      );
    });

    test("is refused where the index leads elsewhere", async () => {
      hub.behaviour.files = model("someone/large", {
        ...sharded,
        "model.safetensors.index.json": index(["../secret.safetensors"]),
      });
      expect(await refusal("someone/large")).toContain(
        "must have a weight_map from tensors to files beside it",
      );
    });
  });

  test.each(["broken", "short"] as const)(
    "whose download ends too early leaves nothing that is taken for a file: %s",
    async (sends) => {
      hub.behaviour.sends = sends;
      expect(await refusal()).toContain("could not be downloaded from HUB");
      const repository = join(cacheDir, "models--distilbert-base-uncased");
      const left = (await readdir(repository, { recursive: true, withFileTypes: true }))
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => name);
      expect(left.filter((name) => !name.endsWith(".incomplete"))).toEqual([]);
      expect(await refusal(undefined, { offline: true })).toContain("HF_HUB_OFFLINE forbids");
      hub.behaviour.sends = "all";
      expect(await read(await find())).toEqual(content);
    },
  );

  test("cannot be had without the hub", async () => {
    await hub.close();
    expect(await refusal()).toMatchInlineSnapshot(
      `"distilbert-base-uncased: is no local folder, not in /hub, and could not be downloaded from HUB (connect ECONNREFUSED 127.0.0.1:PORT); try again, set HF_ENDPOINT to a mirror, or give a local folder: model.checkpoint=FOLDER with config.json, model.safetensors"`,
    );
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await refusal()).toMatchInlineSnapshot(
      `"distilbert-base-uncased: is not in /hub, and HF_HUB_OFFLINE forbids the hub; or give a local folder: model.checkpoint=FOLDER with config.json, model.safetensors"`,
    );
  });

  test("is asked for where HF_ENDPOINT says, with or without a slash at its end", async () => {
    vi.stubEnv("HF_ENDPOINT", `${hub.url}/`);
    await find();
    expect(hub.requests[0]).toBe("GET /api/models/distilbert-base-uncased/revision/main");
  });
});
