import { expect, test } from "vitest";
import { float32 } from "../tensor/index.ts";
import { evaluate } from "./evaluate.ts";
import { logisticSession, pointClassification, points } from "./testing/logistic-regression.ts";

const session = logisticSession();
const rows = points(11);

test("the loss is the mean over rows, however they are batched", async () => {
  const run = session.evaluate;
  const whole = await evaluate(run, pointClassification, rows, { batchSize: 11 });
  const uneven = await evaluate(run, pointClassification, rows, { batchSize: 4 });
  expect(uneven.metrics.loss).toBeCloseTo(whole.metrics.loss!, 6);
  expect(uneven.metrics.accuracy).toBe(whole.metrics.accuracy);
});

test("outcomes come in the order of the rows, although the longest rows are run first", async () => {
  const byLength = {
    ...pointClassification,
    lengthOf: ({ x }: { x: readonly number[] }) => Math.round(9 * x[0]!),
  };
  const { outcomes } = await evaluate(session.evaluate, byLength, rows, { batchSize: 4 });
  expect(outcomes.map(({ label }) => label)).toEqual(rows.map(({ label }) => label));
});

test("a model without a loss is measured without one", async () => {
  const run = async (inputs: Parameters<typeof session.evaluate>[0]) => {
    const { logits } = await session.evaluate(inputs);
    return { logits: logits! };
  };
  const { metrics } = await evaluate(run, pointClassification, rows, { batchSize: 4 });
  expect(Object.keys(metrics)).toEqual(["accuracy"]);
});

test("a task that does not judge every row is told so", async () => {
  const forgetful = { ...pointClassification, outcomes: () => [] };
  await expect(
    evaluate(session.evaluate, forgetful, rows, { batchSize: 4 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[TrainError: the task judged 0 rows of a batch of 4: outcomes() must return one for each]`,
  );
});

test("a signal ends it between two batches", async () => {
  const controller = new AbortController();
  let batches = 0;
  const run = async () => {
    batches++;
    controller.abort(new Error("enough"));
    return { logits: float32([4]) };
  };
  const evaluation = evaluate(run, pointClassification, rows.slice(0, 8), {
    batchSize: 4,
    signal: controller.signal,
  });
  await expect(evaluation).rejects.toThrow("enough");
  expect(batches).toBe(1);
});
