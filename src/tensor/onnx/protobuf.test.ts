import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeMessage } from "../testing/decode-protobuf.ts";
import { MessageWriter } from "./protobuf.ts";

const field = fc.integer({ min: 1, max: 2 ** 28 - 1 });
const int64s = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

test("a decoder reads the integers, texts and bytes that were written", () => {
  const value = fc.oneof(int64s, fc.string({ unit: "grapheme" }), fc.uint8Array());
  fc.assert(
    fc.property(fc.array(fc.tuple(field, value)), (entries) => {
      const writer = new MessageWriter();
      for (const [number, value] of entries) {
        if (typeof value === "bigint") writer.integer(number, value);
        else if (typeof value === "string") writer.string(number, value);
        else writer.bytes(number, value);
      }
      expect(decodeMessage(writer.finish())).toEqual(
        entries.map(([field, value]) => ({
          field,
          value: typeof value === "string" ? new TextEncoder().encode(value) : value,
        })),
      );
    }),
  );
});

test("floats keep all their bits", () => {
  fc.assert(
    fc.property(field, fc.float(), (number, value) => {
      expect(decodeMessage(new MessageWriter().float(number, value).finish())).toEqual([
        { field: number, value },
      ]);
    }),
  );
});

test("integers take as few bytes as the specification says", () => {
  const bytesOf = (value: number) => [...new MessageWriter().integer(1, value).finish().slice(1)];
  expect(bytesOf(0)).toEqual([0]);
  expect(bytesOf(127)).toEqual([0x7f]);
  // The example of protobuf.dev/programming-guides/encoding.
  expect(bytesOf(150)).toEqual([0x96, 0x01]);
  expect(bytesOf(-2)).toEqual([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
});

test("lists of integers are packed, messages stand in messages", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), (values) => {
      const inner = new MessageWriter().integers(1, values);
      const [outer] = decodeMessage(new MessageWriter().message(2, inner).finish());
      const [packed] = decodeMessage(outer!.value as Uint8Array);
      // Each number of a packed list is a varint; written as fields of their own they decode the same.
      const separate = values.map((value) => new MessageWriter().integer(1, value).finish().slice(1));
      expect([...(packed!.value as Uint8Array)]).toEqual(separate.flatMap((bytes) => [...bytes]));
    }),
  );
});

test("a message may have more pieces than a call may have arguments", () => {
  const inner = new MessageWriter();
  for (let i = 0; i < 200_000; i++) inner.integer(1, i % 100);
  expect(new MessageWriter().message(1, inner).finish().byteLength).toBe(400_004);
});
