import { expect, test } from "vitest";
import { padTogether } from "./pad-together.ts";

test("shorter texts are filled up to the longest and masked", () => {
  const { input_ids, attention_mask } = padTogether([{ ids: [7, 8, 9] }, { ids: [5] }, { ids: [] }], {
    padId: 1,
  });
  expect(input_ids).toMatchObject({ dtype: "int64", shape: [3, 3] });
  expect([...input_ids.data].map(Number)).toEqual([7, 8, 9, 5, 1, 1, 1, 1, 1]);
  expect(attention_mask).toMatchObject({ dtype: "int64", shape: [3, 3] });
  expect([...attention_mask.data].map(Number)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0]);
});

test("no texts are an empty batch", () => {
  expect(padTogether([], { padId: 0 }).input_ids.shape).toEqual([0, 0]);
});
