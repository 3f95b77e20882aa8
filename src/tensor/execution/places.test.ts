import fc from "fast-check";
import { expect, test } from "vitest";
import { float32, int64 } from "../ndarray.ts";
import { joinRows, putPlaces, takePlaces, takeRows } from "./places.ts";

test("rows in another order, of every type", () => {
  expect(takeRows(float32([3, 2], [1, 2, 3, 4, 5, 6]), [2, 0])).toEqual(float32([2, 2], [5, 6, 1, 2]));
  expect(takeRows(int64([2], [7, 8]), [1])).toEqual(int64([1], [8]));
  const bools = { dtype: "bool", shape: [2, 1], data: Uint8Array.of(0, 1) } as const;
  expect(takeRows(bools, [1])).toEqual({ dtype: "bool", shape: [1, 1], data: Uint8Array.of(1) });
  expect(takeRows(float32([2, 0]), [1])).toEqual(float32([1, 0]));
});

test("part of a larger buffer is read where it stands", () => {
  const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
  expect(takeRows({ dtype: "float32", shape: [2], data }, [1])).toEqual(float32([1], [2]));
});

test("each row keeps its own places of a later axis", () => {
  fc.assert(
    fc.property(
      fc.record({
        rows: fc.integer({ min: 1, max: 3 }),
        blocks: fc.integer({ min: 1, max: 3 }),
        size: fc.integer({ min: 1, max: 6 }),
        width: fc.integer({ min: 1, max: 3 }),
        kept: fc.integer({ min: 0, max: 6 }),
        seed: fc.array(fc.nat(), { minLength: 18, maxLength: 18 }),
      }),
      ({ rows, blocks, size, width, kept, seed }) => {
        const shape = [rows, blocks, size, width];
        const array = float32(
          shape,
          Float32Array.from({ length: rows * blocks * size * width }, (_, i) => i),
        );
        const places = Array.from({ length: rows }, (_, row) =>
          Array.from({ length: kept }, (_, i) => seed[6 * row + i]! % size),
        );
        const taken = takePlaces(array, { axis: 2, places, size: kept });
        expect(taken.shape).toEqual([rows, blocks, kept, width]);
        const expected = places.flatMap((ofRow, row) =>
          Array.from({ length: blocks }, (_, block) =>
            ofRow.map((place) =>
              Array.from({ length: width }, (_, i) => ((row * blocks + block) * size + place) * width + i),
            ),
          ),
        );
        expect([...taken.data]).toEqual(expected.flat(2));
      },
    ),
  );
});

test("behind the places that were kept there is room, filled with zeros", () => {
  const array = float32([2, 3], [1, 2, 3, 4, 5, 6]);
  expect(takePlaces(array, { axis: 1, places: [[2], [0]], size: 3 })).toEqual(
    float32([2, 3], [3, 0, 0, 4, 0, 0]),
  );
});

test("what is put in stands at its place", () => {
  const cache = float32([2, 4, 1]);
  putPlaces(cache, float32([2, 2, 1], [1, 2, 3, 4]), { axis: 1, place: 1 });
  expect(cache).toEqual(float32([2, 4, 1], [0, 1, 2, 0, 0, 3, 4, 0]));
});

test("what does not fit is refused", () => {
  const cache = float32([2, 4, 1]);
  expect(() =>
    putPlaces(cache, float32([2, 2, 1]), { axis: 1, place: 3 }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[TensorError: [2, 2, 1] does not fit into [2, 4, 1] at place 3 of axis 1]`,
  );
  expect(() => putPlaces(cache, float32([1, 2, 1]), { axis: 1, place: 0 })).toThrow("does not fit");
});

test("joined rows are those of each array in turn; other rows are refused", () => {
  const rows = (first: number, count: number) =>
    int64(
      [count, 2],
      Array.from({ length: 2 * count }, (_, i) => first + i),
    );
  expect(joinRows([rows(0, 2), rows(4, 1)])).toEqual(rows(0, 3));
  expect(() => joinRows([rows(0, 1), int64([1, 3])])).toThrow(
    "int64 [1, 3] has other rows than int64 [1, 2]",
  );
});
