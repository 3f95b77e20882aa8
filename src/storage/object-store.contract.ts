// What every engine of an object store promises, as tests. An engine's own test file calls `describeObjectStore`.
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { ObjectStore } from "./object-store.ts";
import { scopedStore } from "./scoped-store.ts";
import { StorageError } from "./storage-error.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const textOfStream = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

/** Names that must not reach an engine: each would leave the root, or name nothing. */
const hostileNames = [
  "",
  "/",
  "/etc/passwd",
  "..",
  "../secret",
  "a/../../secret",
  "a/./b",
  "a//b",
  "a/",
  "a\\b",
  "..\\secret",
  "C:/secret",
  "a\0b",
  "a\nb",
  "nul",
  "a/con.txt",
  "a ",
  "half-\ud800",
  "x".repeat(256),
  `${"x/".repeat(600)}x`,
];

/** Describes an engine; `open` hands out an empty store. */
export const describeObjectStore = (engine: string, open: () => Promise<ObjectStore>) =>
  describe(`object store on ${engine}`, () => {
    let store: ObjectStore;
    beforeEach(async () => {
      store = await open();
    });

    test("bytes come back as they were put", async () => {
      await store.put("folder/data.bin", new Uint8Array([0, 255, 10, 13]));
      expect([...(await store.read("folder/data.bin"))]).toEqual([0, 255, 10, 13]);
      expect(await textOfStream(await store.get("folder/data.bin"))).toHaveLength(4);
      expect(await store.stat("folder/data.bin")).toMatchObject({ name: "folder/data.bin", sizeBytes: 4 });
    });

    test("any bytes under any name, in any pieces", async () => {
      const part = fc
        .stringMatching(/^[a-zæøå0-9_-]{1,12}$/)
        .filter((name) => !/^(con|prn|aux|nul|com\d|lpt\d)$/.test(name));
      const pieces = fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 4 }), pieces, async (parts, chunks) => {
          const name = ["property", ...parts, "file"].join("/");
          const whole = Buffer.concat(chunks);
          const stat = await store.put(name, piecewise(chunks));
          expect(stat).toMatchObject({ name, sizeBytes: whole.length });
          expect(Buffer.compare(await store.read(name), whole)).toBe(0);
        }),
        { numRuns: 30 },
      );
    });

    test("streams of the web are sources too", async () => {
      await store.put("page", new Response("from a response").body as ReadableStream<Uint8Array>);
      expect(textOf(await store.read("page"))).toBe("from a response");
    });

    test("an object of no bytes is an object", async () => {
      await store.put("empty", new Uint8Array());
      expect(await textOfStream(await store.get("empty"))).toBe("");
      expect((await store.stat("empty"))?.sizeBytes).toBe(0);
    });

    test("a range is read from start to before end", async () => {
      await store.put("digits", bytesOf("0123456789"));
      expect(await textOfStream(await store.get("digits", { start: 2, end: 5 }))).toBe("234");
      expect(await textOfStream(await store.get("digits", { start: 7 }))).toBe("789");
      expect(await textOfStream(await store.get("digits", { start: 8, end: 99 }))).toBe("89");
      expect(await textOfStream(await store.get("digits", { start: 3, end: 3 }))).toBe("");
      for (const range of [{ start: -1 }, { start: 5, end: 4 }, { start: 11 }, { start: 0.5 }]) {
        await expect(store.get("digits", range)).rejects.toMatchObject({
          code: "invalid-range",
          object: "digits",
        });
      }
    });

    test("a second put replaces the first", async () => {
      await store.put("model", bytesOf("a longer first version"));
      await store.put("model", bytesOf("second"));
      expect(textOf(await store.read("model"))).toBe("second");
    });

    test("a source that breaks off leaves the old object and nothing else", async () => {
      await store.put("model", bytesOf("old"));
      const broken = () => piecewise([bytesOf("half of the new")], new Error("connection reset"));
      await expect(store.put("model", broken())).rejects.toMatchObject({
        code: "broken-source",
        object: "model",
      });
      await expect(store.put("folder/other", broken())).rejects.toThrow("connection reset");
      expect(textOf(await store.read("model"))).toBe("old");
      expect((await store.list()).map(({ name }) => name)).toEqual(["model"]);
    });

    test("a reader that has begun goes on with the bytes it began with", async () => {
      await store.put("model", bytesOf("first"));
      const stream = await store.get("model");
      await store.put("model", bytesOf("other"));
      expect(await textOfStream(stream)).toBe("first");
    });

    test("writers of one name at once: one of them wins whole", async () => {
      const values = Array.from({ length: 8 }, (_, i) => String(i).repeat(10_000));
      await Promise.all(values.map((value) => store.put("deep/er/model", bytesOf(value))));
      expect(values).toContain(textOf(await store.read("deep/er/model")));
      expect(await store.list()).toHaveLength(1);
    });

    test("the list is ordered and holds what starts with the prefix", async () => {
      for (const name of ["b", "a/2", "a/10", "a/sub/1", "ab"]) await store.put(name, bytesOf(name));
      const names = async (prefix?: string) => (await store.list(prefix)).map(({ name }) => name);
      expect(await names()).toEqual(["a/10", "a/2", "a/sub/1", "ab", "b"]);
      expect(await names("a/")).toEqual(["a/10", "a/2", "a/sub/1"]);
      expect(await names("a")).toEqual(["a/10", "a/2", "a/sub/1", "ab"]);
      expect(await names("a/1")).toEqual(["a/10"]);
      expect(await names("nowhere/")).toEqual([]);
      await expect(store.list("../")).rejects.toMatchObject({ code: "invalid-name" });
    });

    test("what was deleted is gone, and can be deleted again", async () => {
      await store.put("a/b/c", bytesOf("x"));
      await store.delete("a/b/c");
      await store.delete("a/b/c");
      expect(await store.stat("a/b/c")).toBeUndefined();
      expect(await store.list()).toEqual([]);
      await store.put("a", bytesOf("a name that was a folder"));
      expect(await store.list()).toHaveLength(1);
    });

    test("what is not there is named", async () => {
      for (const read of [store.read, store.get]) {
        await expect(read("no/such")).rejects.toMatchObject({ code: "not-found", object: "no/such" });
      }
      expect(await store.stat("no/such")).toBeUndefined();
      await expect(store.read("no/such")).rejects.toThrowErrorMatchingInlineSnapshot(
        `[StorageError: there is no object no/such]`,
      );
    });

    test.each(hostileNames)("the name %j is refused by every method", async (name) => {
      const attempts = [
        store.put(name, bytesOf("x")),
        store.get(name),
        store.read(name),
        store.stat(name),
        store.delete(name),
        ...(store.localPath ? [store.localPath(name)] : []),
      ];
      for (const result of await Promise.allSettled(attempts)) {
        expect(result.status).toBe("rejected");
        expect("reason" in result && result.reason).toBeInstanceOf(StorageError);
      }
      const scope = scopedStore(store, "scope");
      await expect(scope.put(name, bytesOf("x"))).rejects.toMatchObject({
        code: "invalid-name",
        object: name,
      });
      expect(await store.list()).toEqual([]);
    });

    test("a scope sees its own objects under short names", async () => {
      await store.put("run-2/model", bytesOf("of another"));
      const scope = scopedStore(store, "run-1");
      expect(await scope.put("model", bytesOf("of this"))).toMatchObject({ name: "model", sizeBytes: 7 });
      expect((await scope.list()).map(({ name }) => name)).toEqual(["model"]);
      expect(await scope.stat("model")).toMatchObject({ name: "model" });
      expect(textOf(await scope.read("model"))).toBe("of this");
      await scope.delete("model");
      expect((await store.list()).map(({ name }) => name)).toEqual(["run-2/model"]);
    });
  });

async function* piecewise(chunks: readonly Uint8Array[], failure?: Error): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
  if (failure) throw failure;
}
