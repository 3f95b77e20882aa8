import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFileStore } from "./file-store.ts";
import { openObjectStore } from "./open-object-store.ts";
import { scopedStore } from "./scoped-store.ts";
import { withLocalFiles } from "./with-local-files.ts";

const folder = await fs.mkdtemp(path.join(tmpdir(), "havn-local-"));
afterAll(() => fs.rm(folder, { recursive: true }));

/** A store without files: what a bucket is to its callers. */
async function withoutFiles(name: string) {
  const { localPath: _, ...store } = await openFileStore(path.join(folder, name));
  let reads = 0;
  return {
    store: {
      ...store,
      get: (...call: Parameters<typeof store.get>) => {
        reads++;
        return store.get(...call);
      },
    },
    reads: () => reads,
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("objects become files that keep their folders, are fetched once, and again when they were replaced", async () => {
  const { store, reads } = await withoutFiles("fetched");
  const cache = path.join(folder, "cache");
  const local = scopedStore(withLocalFiles(store, cache), "run");
  await local.put("model/model.onnx", bytes("first"));
  const paths = await Promise.all([1, 2, 3].map(() => local.localPath!("model/model.onnx")));
  expect(new Set(paths)).toEqual(new Set([path.join(cache, "run", "model", "model.onnx")]));
  expect(await fs.readFile(paths[0]!, "utf8")).toBe("first");
  await local.localPath!("model/model.onnx");
  expect(reads()).toBe(1);
  const opened = await fs.open(paths[0]!);
  await local.put("model/model.onnx", bytes("second"));
  expect(await fs.readFile(await local.localPath!("model/model.onnx"), "utf8")).toBe("second");
  // Who had it open still reads what it had opened.
  expect(await opened.readFile("utf8")).toBe("first");
  await opened.close();
  await fs.rm(cache, { recursive: true });
  expect(await fs.readFile(await local.localPath!("model/model.onnx"), "utf8")).toBe("second");
  expect(await fs.readdir(path.join(cache, "run", "model"))).toEqual(["model.onnx"]);
  await expect(local.localPath!("model/none")).rejects.toMatchObject({ code: "not-found" });
});

test.each(["", "ftp://x/y", "s3:bucket", "s3://", "gs:///x", "/tmp/x"])(
  "the address %j is refused",
  async (address) => {
    await expect(openObjectStore(address)).rejects.toThrow(
      "a store is file:DIR, s3://bucket/prefix or gs://bucket/prefix",
    );
  },
);

test("a folder is addressed with and without slashes", async () => {
  for (const address of [`file:${folder}/a`, `file://${folder}/a`]) {
    const store = await openObjectStore(address);
    await store.put("x", bytes("x"));
    expect(await fs.readFile(path.join(folder, "a", "x"), "utf8")).toBe("x");
  }
});
