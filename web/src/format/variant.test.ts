import { expect, it } from "vitest";
import { describeVariant } from "./variant.ts";

it.each([
  [{}, undefined],
  [{ "havn.derived_from": "1", "havn.precision": "int8", "havn.sparsity": "0" }, "int8 of version 1"],
  [
    { "havn.derived_from": "2", "havn.precision": "float32", "havn.sparsity": "0.3" },
    "float32, 30 % zeros of version 2",
  ],
])("tells of a version with the tags %j: %s", (tags, told) => {
  expect(describeVariant(tags)).toBe(told);
});
