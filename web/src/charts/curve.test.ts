import { expect, test } from "vitest";
import { curveOf } from "./curve.ts";

const style = { name: "run", colour: 1, isDashed: false };
const values = Array.from({ length: 50 }, (_, step) => step % 2);
const history = (key: string) => ({
  run: {} as never,
  key,
  metrics: values.map((value, step) => ({ key, value, step, timestamp: step })),
});
const drawn = (key: string, weight: number) => curveOf(history(key), style, weight).points.map(([, y]) => y);

test("a noisy curve of many points is smoothed as far as is wanted", () => {
  expect(drawn("train_loss", 0)).toEqual(values);
  const smoothed = drawn("train_loss", 0.9);
  const spread = (from: number[]) => Math.max(...from.slice(25)) - Math.min(...from.slice(25));
  expect(spread(smoothed)).toBeLessThan(0.2);
});

test("a learning rate is drawn as it was", () => {
  expect(drawn("learning_rate", 0.9)).toEqual(values);
});
