import { expect, it } from "vitest";
import type { Metric, Run } from "../api/runs.ts";
import { highlights } from "./highlights.ts";

const metric = (key: string, value: number, step: number): Metric => ({ key, value, step, timestamp: step });

const run: Run = {
  runId: "r1",
  name: "calm-bay",
  experimentId: "1",
  status: "FINISHED",
  startTime: 0,
  endTime: 1,
  metrics: {
    validation_accuracy: metric("validation_accuracy", 0.74, 30),
    validation_loss: metric("validation_loss", 0.52, 30),
    test_accuracy: metric("test_accuracy", 0.75, 30),
    epoch: metric("epoch", 3, 30),
  },
  params: {},
  tags: {},
  datasets: [],
};

it("tells the best validation accuracy with its step, the test result, the loss and the epochs", () => {
  const history = [0.7, 0.77, 0.74].map((value, i) => metric("validation_accuracy", value, 10 * (i + 1)));
  expect(highlights(run, [{ run, key: "validation_accuracy", metrics: history }])).toEqual([
    { title: "Best validation accuracy", value: 0.77, note: "at step 20" },
    { title: "Test accuracy", value: 0.75, note: "at the end" },
    { title: "Validation loss", value: 0.52, note: "at the end" },
    { title: "Epochs", value: 3, note: "done" },
  ]);
});

it("has nothing to tell of a run that has measured nothing", () => {
  expect(highlights({ ...run, metrics: {} }, [])).toEqual([]);
});
