import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFileStore } from "./file-store.ts";
import { describeObjectStore } from "./object-store.contract.ts";

const folder = await fs.mkdtemp(path.join(tmpdir(), "havn-storage-"));
afterAll(() => fs.rm(folder, { recursive: true }));

let roots = 0;
const newRoot = () => path.join(folder, String(roots++));
const bytes = new TextEncoder().encode("bytes");

describeObjectStore("files", () => openFileStore(newRoot()));

test("an object is a file at its local path", async () => {
  const root = newRoot();
  const store = await openFileStore(root);
  await store.put("models/distilbert.onnx", bytes);
  const file = await store.localPath?.("models/distilbert.onnx");
  expect(file).toBe(path.join(await fs.realpath(root), "models", "distilbert.onnx"));
  expect(await fs.readFile(file!, "utf8")).toBe("bytes");
});

// Windows lets only administrators make links.
test.skipIf(process.platform === "win32")(
  "links below the root are refused, whether they lead out or not",
  async () => {
    const root = newRoot();
    const store = await openFileStore(root);
    const outside = path.join(folder, "outside");
    await fs.mkdir(outside, { recursive: true });
    await fs.writeFile(path.join(outside, "secret"), "secret");
    await fs.symlink(path.join(outside, "secret"), path.join(root, "file"));
    await fs.symlink(outside, path.join(root, "folder"));
    await fs.symlink(path.join(root, "loop"), path.join(root, "loop"));
    await fs.symlink(path.join(outside, "nothing"), path.join(root, "dangling"));
    for (const name of ["file", "folder/secret", "loop", "dangling"]) {
      const reads = [store.read, store.get, store.stat, store.localPath];
      for (const read of reads) {
        await expect(read?.(name)).rejects.toMatchObject({ code: "outside-root", object: name });
      }
    }
    await expect(store.put("folder/new/file", bytes)).rejects.toMatchObject({ code: "outside-root" });
    await expect(store.delete("folder/secret")).rejects.toMatchObject({ code: "outside-root" });
    await expect(store.list("folder/")).rejects.toMatchObject({ code: "outside-root" });
    expect(await store.list()).toEqual([]);
    // Writing over a link replaces the link, not what it leads to.
    await store.put("file", bytes);
    expect(await fs.readdir(outside)).toEqual(["secret"]);
    expect(await fs.readFile(path.join(outside, "secret"), "utf8")).toBe("secret");
  },
);

test.skipIf(process.platform === "win32")("the root itself may be a link", async () => {
  const root = newRoot();
  await fs.mkdir(root);
  await fs.symlink(root, `${root}-link`);
  const store = await openFileStore(`${root}-link`);
  await store.put("a", bytes);
  expect(await fs.readFile(path.join(root, "a"), "utf8")).toBe("bytes");
});

test("an object cannot lie below another", async () => {
  const store = await openFileStore(newRoot());
  await store.put("a/b", bytes);
  await expect(store.put("a", bytes)).rejects.toMatchObject({ code: "conflict", object: "a" });
  await expect(store.put("a/b/c", bytes)).rejects.toMatchObject({ code: "conflict", object: "a/b/c" });
  expect(await store.stat("a/b/c")).toBeUndefined();
});

test("what a killed process left half written is swept a day later, and never listed", async () => {
  const root = newRoot();
  await openFileStore(root);
  const [abandoned, growing] = ["abandoned", "growing"].map((name) => path.join(root, ".incoming", name));
  await fs.writeFile(abandoned!, "half");
  await fs.writeFile(growing!, "half");
  const dayBefore = new Date(Date.now() - 25 * 3600 * 1000);
  await fs.utimes(abandoned!, dayBefore, dayBefore);
  const store = await openFileStore(root);
  expect(await fs.readdir(path.join(root, ".incoming"))).toEqual(["growing"]);
  expect(await store.list()).toEqual([]);
  await expect(store.read(".incoming/growing")).rejects.toMatchObject({ code: "invalid-name" });
});

test("delete and put race for a folder without losing an object", async () => {
  const store = await openFileStore(newRoot());
  for (let round = 0; round < 30; round++) {
    await store.put("folder/old", bytes);
    await Promise.all([store.delete("folder/old"), store.put("folder/new", bytes)]);
    expect((await store.list()).map(({ name }) => name)).toEqual(["folder/new"]);
    await store.delete("folder/new");
  }
});
