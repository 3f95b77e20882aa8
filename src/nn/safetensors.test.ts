import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float32, int64, type NdArray } from "../tensor/index.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import { openSafetensors, readSafetensors, writeSafetensors } from "./safetensors.ts";

const goldens = fileURLToPath(new URL("../../../shared/goldens/models/distilbert-tiny/", import.meta.url));
if (!existsSync(goldens)) console.warn(`skipped: the golden files of DistilBERT are not at ${goldens}`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with this header and data, as an attacker would write it. */
async function fileOf(
  header: string | Uint8Array,
  data: ArrayLike<number> = [],
  length?: bigint,
): Promise<string> {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(Array.from(data), 8 + json.length);
  const path = join(folder, "hostile.safetensors");
  await writeFile(path, bytes);
  return path;
}

const entry = (dtype: string, shape: unknown, data_offsets: unknown) => ({ dtype, shape, data_offsets });

describe.skipIf(!existsSync(goldens))("golden files", () => {
  test("inputs and outputs have the shapes and values of the model's summary", async () => {
    const { tensors } = await readSafetensors(join(goldens, "inputs.safetensors"));
    expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ["attention_mask", "int64", [5, 18]],
      ["input_ids", "int64", [5, 18]],
      ["labels", "int64", [5]],
    ]);
    const outputs = await readSafetensors(join(goldens, "outputs.safetensors"));
    const summary = JSON.parse(await readFile(join(goldens, "summary.json"), "utf8"));
    expect(outputs.tensors.get("loss")?.shape).toEqual([]);
    expect(outputs.tensors.get("loss")?.data[0]).toBeCloseTo(summary.loss, 6);
  });

  test("a file that is read and written again has the same bytes", async () => {
    for (const name of ["model.safetensors", "outputs.safetensors", "inputs.safetensors"]) {
      const { tensors, metadata } = await readSafetensors(join(goldens, name));
      const copy = join(folder, name);
      await writeSafetensors(copy, tensors, { metadata });
      expect(await readFile(copy)).toEqual(await readFile(join(goldens, name)));
    }
  });

  test("single tensors can be read without the others", async () => {
    const only = (name: string) => name === "classifier.bias";
    const { tensors, metadata } = await readSafetensors(join(goldens, "model.safetensors"), { only });
    expect([...tensors.keys()]).toEqual(["classifier.bias"]);
    expect(metadata).toEqual({ format: "pt" });
  });

  test("a file that is cut off anywhere is refused", async () => {
    const whole = await readFile(join(goldens, "inputs.safetensors"));
    const path = join(folder, "cut.safetensors");
    for (const size of [0, 7, 8, 100, 215, whole.length - 1]) {
      await writeFile(path, whole.subarray(0, size));
      await expect(readSafetensors(path), `${size} bytes`).rejects.toThrow(CheckpointError);
    }
  });
});

test("what is written is read again, whatever the names, shapes and types", async () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
  const tensor = shape.chain((shape): fc.Arbitrary<NdArray> => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: size, maxLength: size });
    return fc.oneof(
      values(fc.float()).map((data) => float32(shape, data)),
      values(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((data) => int64(shape, data)),
      values(fc.integer()).map((data) => ({ dtype: "int32" as const, shape, data: Int32Array.from(data) })),
      values(fc.nat(255)).map((data) => ({ dtype: "uint8" as const, shape, data: Uint8Array.from(data) })),
      values(fc.nat(1)).map((data) => ({ dtype: "bool" as const, shape, data: Uint8Array.from(data) })),
    );
  });
  const name = fc.string({ unit: "grapheme" });
  const path = join(folder, "any.safetensors");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, tensor)),
      fc.dictionary(name, fc.string()),
      async (pairs, metadata) => {
        const tensors = new Map(pairs);
        await writeSafetensors(path, tensors, { metadata });
        const read = await readSafetensors(path);
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
        expect({ ...read.metadata }).toEqual({ ...metadata });
      },
    ),
    { numRuns: 50 },
  );
});

test("16-bit floats become float32", async () => {
  const half = Uint16Array.of(0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x7c00, 0xfc00, 0x3555);
  const brain = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x3eab);
  const header = JSON.stringify({
    half: entry("F16", [10], [0, 20]),
    brain: entry("BF16", [2, 2], [20, 28]),
  });
  const path = await fileOf(header, [...new Uint8Array(half.buffer), ...new Uint8Array(brain.buffer)]);
  const { tensors } = await readSafetensors(path);
  const infinity = Number.POSITIVE_INFINITY;
  expect([...tensors.get("half")!.data]).toEqual([
    ...[0, -0, 1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, infinity, -infinity, 0.333251953125],
  ]);
  expect(tensors.get("brain")).toEqual(float32([2, 2], [1, -2, infinity, 0.333984375]));
});

test("a large 16-bit tensor is widened piece by piece without a seam", async () => {
  const size = (5 << 20) + 3;
  const bits = Uint16Array.from({ length: size }, (_, i) => (i * 7919) & 0x7bff);
  const path = await fileOf(JSON.stringify({ w: entry("BF16", [size], [0, 2 * size]) }));
  await writeFile(path, new Uint8Array(bits.buffer), { flag: "a" });
  const { tensors } = await readSafetensors(path);
  const read = new Uint32Array((tensors.get("w") as NdArray<"float32">).data.buffer);
  expect(read.findIndex((word, i) => word !== bits[i]! << 16)).toBe(-1);
});

test("a type that nothing computes with is refused only when it is read", async () => {
  const path = await fileOf(JSON.stringify({ wide: entry("F64", [1], [0, 8]) }), new Uint8Array(8));
  const file = await openSafetensors(path);
  expect(file.entries.get("wide")).toMatchObject({ dtype: "F64", shape: [1] });
  await expect(file.read("wide")).rejects.toThrow('tensor "wide" has the type F64, expected F32, F16, BF16');
  await expect(file.read("narrow")).rejects.toThrow(
    'tensor "narrow" is not in the file, which has 1 tensors',
  );
  await file.close();
});

const w = (offsets: unknown, shape: unknown = [2], dtype = "F32") =>
  JSON.stringify({ w: entry(dtype, shape, offsets) });
test.each<[what: string, header: string | Uint8Array, dataBytes: number, message: string]>([
  ["not JSON", "GIF89a", 0, "header is not valid"],
  ["not an object", "[]", 0, "header is not valid"],
  ["not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), 0, "header is not valid"],
  ["deeply nested", `{"w":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, 0, "not valid"],
  ["out of bounds", w([0, 8]), 7, "ends at byte 8 of the data, but the file has only 7"],
  ["far out of bounds", w([0, 2 ** 52], [2 ** 50]), 8, "ends at byte 4503599627370496"],
  ["backwards", w([8, 0]), 8, "needs 8 bytes, but has -8"],
  ["negative offset", w([-8, 0]), 8, "not valid"],
  ["fractional shape", w([0, 8], [1.5]), 8, "not valid"],
  ["negative shape", w([0, 8], [-1, -2]), 8, "not valid"],
  ["shape that overflows", w([0, 8], [2 ** 52, 2 ** 52]), 8, "needs 8.1"],
  ["wrong size", w([0, 8], [3]), 8, "of shape [3] and type F32 needs 12 bytes, but has 8"],
  ["unknown type", w([0, 8], [2], "constructor"), 8, 'unknown type "constructor"'],
  ["extra key", `{"w":{"dtype":"U8","shape":[],"data_offsets":[0,1],"code":1}}`, 1, "not valid"],
  ["gap at the start", w([8, 16]), 16, "leaves a gap"],
  ["bytes left over", w([0, 8]), 9, "has 9 bytes of data, but its tensors cover 8"],
  ["overlap", JSON.stringify({ a: entry("U8", [4], [0, 4]), b: entry("U8", [4], [2, 6]) }), 6, "overlaps"],
  [
    "same place twice",
    JSON.stringify({ a: entry("U8", [4], [0, 4]), b: entry("U8", [4], [0, 4]) }),
    4,
    "overlaps",
  ],
  [
    "same name twice",
    `{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0077":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}`,
    1,
    'the name "\\u0077" occurs twice',
  ],
  ["metadata that is not text", `{"__metadata__":{"epoch":3}}`, 0, "__metadata__"],
])("a hostile header is refused: %s", async (_, header, dataBytes, message) => {
  const refused = expect(readSafetensors(await fileOf(header, new Uint8Array(dataBytes)))).rejects;
  await refused.toThrow(CheckpointError);
  await refused.toThrow(message);
});

test("a header length beyond the limit or the file is refused before memory is taken for it", async () => {
  await expect(readSafetensors(await fileOf("{}", [], 2n ** 63n))).rejects.toThrow(
    "at most 100000000 are allowed",
  );
  await expect(readSafetensors(await fileOf("{}", [], 99_999_999n))).rejects.toThrow(
    "but the file ends after 10",
  );
});

test("a tensor may be called __proto__ or like a number", async () => {
  const path = join(folder, "names.safetensors");
  const tensors = new Map(
    ["10", "9", "__proto__", "constructor"].map((name, i) => [name, float32([1], [i])]),
  );
  await writeSafetensors(path, tensors);
  expect((await readSafetensors(path)).tensors).toEqual(tensors);
});

test("a write that fails leaves the old file and nothing else", async () => {
  const own = await mkdtemp(join(folder, "atomic-"));
  const path = join(own, "model.safetensors");
  await writeSafetensors(path, new Map([["w", float32([2], [1, 2])]]));
  const wrong = new Map([["w", { dtype: "float32" as const, shape: [3], data: new Float32Array(2) }]]);
  await expect(writeSafetensors(path, wrong)).rejects.toThrow('tensor "w" has 2 elements, its shape is [3]');
  expect(await readdir(own)).toEqual(["model.safetensors"]);
  expect((await readSafetensors(path)).tensors.get("w")).toEqual(float32([2], [1, 2]));
});

test("a missing file is named", async () => {
  const path = join(folder, "nowhere.safetensors");
  await expect(readSafetensors(path)).rejects.toThrow(`${path}: cannot be opened: ENOENT`);
});
