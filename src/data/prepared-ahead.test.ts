import { expect, test } from "vitest";
import { preparedAhead } from "./prepared-ahead.ts";

/** Items whose work ends when the test says so. */
function slowly(count: number, ahead: number) {
  const begun: number[] = [];
  const works = Array.from({ length: count }, () => Promise.withResolvers<number>());
  const results = preparedAhead(
    [...works.keys()],
    () => ahead,
    (i) => {
      begun.push(i);
      return works[i]!.promise;
    },
  );
  return { begun, works, results };
}

test("work begins before it is asked for, and no more than the bound is ahead", async () => {
  const { begun, works, results } = slowly(6, 2);
  expect(begun).toEqual([0, 1]);
  works[0]!.resolve(0);
  expect((await results.next()).value).toBe(0);
  expect(begun).toEqual([0, 1, 2]);
});

test("results come in the order of the items, whatever ends first", async () => {
  const { works, results } = slowly(3, 3);
  for (const i of [2, 0, 1]) works[i]!.resolve(i);
  const all: number[] = [];
  for await (const result of results) all.push(result);
  expect(all).toEqual([0, 1, 2]);
});

test("an error comes where its result would have, and not before", async () => {
  const { works, results } = slowly(3, 3);
  works[1]!.reject(new Error("broken"));
  works[0]!.resolve(0);
  expect((await results.next()).value).toBe(0);
  await expect(results.next()).rejects.toThrow("broken");
});

test("whoever leaves early begins no more", async () => {
  const { begun, works, results } = slowly(6, 1);
  works[0]!.resolve(0);
  for await (const _ of results) break;
  expect(begun).toEqual([0, 1]);
  expect(await results.next()).toEqual({ done: true, value: undefined });
});
