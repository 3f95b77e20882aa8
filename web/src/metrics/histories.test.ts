import { expect, it } from "vitest";
import type { Metric, Run } from "../api/runs.ts";
import { historyReader } from "./histories.ts";

const loss = (step: number): Metric => ({ key: "loss", value: 1 / (1 + step), step, timestamp: step });

const runAt = (step: number): Run => ({
  runId: "r1",
  name: "calm-bay",
  experimentId: "1",
  status: "RUNNING",
  startTime: 0,
  endTime: undefined,
  metrics: { loss: loss(step) },
  params: {},
  tags: {},
  datasets: [],
});

it("asks for a history only when the run has newer values", async () => {
  const asked: string[] = [];
  const reader = historyReader({
    read: async (runId, key) => {
      asked.push(`${runId} ${key}`);
      return [loss(0), loss(1)];
    },
  });
  const { signal } = new AbortController();
  await reader(runAt(1), ["loss"], signal);
  const [again] = await reader(runAt(1), ["loss", "never_logged"], signal);
  expect(again?.metrics).toHaveLength(2);
  expect(asked).toEqual(["r1 loss"]);
  await reader(runAt(2), ["loss"], signal);
  expect(asked).toEqual(["r1 loss", "r1 loss"]);
});
