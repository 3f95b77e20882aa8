import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Metric } from "../tracking/index.ts";
import { bufferMetrics } from "./metric-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function bufferInto(writes: Metric[][], { logged = {}, failures = 0 } = {}) {
  const errors: unknown[] = [];
  const buffer = bufferMetrics(
    {
      async logMetrics(metrics) {
        if (failures-- > 0) throw new Error("the store is away");
        writes.push([...metrics]);
      },
    },
    { logged, onError: (error) => errors.push(error), now: () => 1700 },
  );
  return { buffer, errors };
}
const stepsOf = (writes: Metric[][]) => writes.map((metrics) => metrics.map(({ step }) => step));

test("metrics of a second are written together, and none waits longer", async () => {
  const writes: Metric[][] = [];
  const { buffer } = bufferInto(writes);
  buffer.add(1, { train_loss: 0.7, learning_rate: 0.1 });
  await vi.advanceTimersByTimeAsync(999);
  buffer.add(2, { train_loss: 0.6 });
  expect(writes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(writes).toEqual([
    [
      { key: "train_loss", value: 0.7, step: 1, timestamp: 1700 },
      { key: "learning_rate", value: 0.1, step: 1, timestamp: 1700 },
      { key: "train_loss", value: 0.6, step: 2, timestamp: 1700 },
    ],
  ]);
  buffer.add(3, { train_loss: 0.5 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(stepsOf(writes)).toEqual([[1, 1, 2], [3]]);
});

test("flush writes at once, and nothing twice", async () => {
  const writes: Metric[][] = [];
  const { buffer } = bufferInto(writes);
  buffer.add(1, { train_loss: 0.7 });
  await Promise.all([buffer.flush(), buffer.flush()]);
  await vi.runAllTimersAsync();
  expect(stepsOf(writes)).toEqual([[1]]);
});

test("what the store refuses is told, kept and written with the next", async () => {
  const writes: Metric[][] = [];
  const { buffer, errors } = bufferInto(writes, { failures: 1 });
  buffer.add(1, { train_loss: 0.7 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(errors).toEqual([new Error("the store is away")]);
  buffer.add(2, { train_loss: 0.6 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(stepsOf(writes)).toEqual([[1, 2]]);
});

test("a flush that fails says so to its caller", async () => {
  const { buffer } = bufferInto([], { failures: 1 });
  buffer.add(1, { train_loss: 0.7 });
  await expect(buffer.flush()).rejects.toThrow("the store is away");
});

test("what the store has already is not logged again", async () => {
  const writes: Metric[][] = [];
  const logged = { train_loss: { key: "train_loss", value: 0.6, step: 2, timestamp: 5 } };
  const { buffer } = bufferInto(writes, { logged });
  buffer.add(2, { train_loss: 0.6, learning_rate: 0.1 });
  buffer.add(3, { train_loss: 0.5 });
  await buffer.flush();
  expect(writes.flat().map(({ key, step }) => `${key} ${step}`)).toEqual(["learning_rate 2", "train_loss 3"]);
});
