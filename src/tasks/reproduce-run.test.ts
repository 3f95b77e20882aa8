import { expect, test } from "vitest";
import type { Metric } from "../tracking/index.ts";
import { compareHistories, placeDifferences, requireSameData } from "./reproduce-run.ts";

const history = (...values: number[]): Metric[] =>
  values.map((value, i) => ({ key: "loss", value, step: i + 1, timestamp: i }));

test("equal histories are the same, whenever they were measured", () => {
  const later = history(1, 0.5, Number.NaN).map((metric) => ({
    ...metric,
    timestamp: metric.timestamp + 99,
  }));
  expect(compareHistories("loss", history(1, 0.5, Number.NaN), later)).toEqual({
    ...{ key: "loss", values: 3, isSame: true },
  });
});

test("the last digit counts, and the first difference is told", () => {
  expect(compareHistories("loss", history(1, 0.3, 2), history(1, 0.1 + 0.2, 1))).toEqual({
    ...{ key: "loss", values: 3, isSame: false, largest: 0.5 },
    first: { step: 2, original: 0.3, now: 0.1 + 0.2 },
  });
});

test("a value that is missing is a difference, one that was measured again is not", () => {
  expect(compareHistories("loss", history(1, 2), history(1))).toMatchObject({
    ...{ isSame: false, first: { step: 2, original: 2 }, largest: Number.POSITIVE_INFINITY },
  });
  const resumed = [...history(1, 2), { key: "loss", value: 2, step: 2, timestamp: 9 }];
  expect(compareHistories("loss", resumed, history(1, 2)).isSame).toBe(true);
});

test("other data is refused with both hashes", () => {
  const data = (digest: string) => [{ name: "train", digest, source: "train.csv", context: "training" }];
  expect(() => requireSameData(data("4f2a"), data("4f2a"))).not.toThrow();
  expect(() => requireSameData(data("4f2a"), [])).not.toThrow();
  expect(() => requireSameData(data("4f2a"), data("9c01"))).toThrow(
    "training (train.csv): 4f2a then, 9c01 now (train.csv)",
  );
});

test("another machine and other versions are named", () => {
  const here = {
    ...{ git: { missing: "not a git repository" }, havnVersion: "0.2.0", nodeVersion: "v24.1.0" },
    ...{ platform: "linux-x64", cpuModel: "Zen", cpuCount: 2, memoryBytes: 1, commandLine: [] },
  };
  const tags = {
    "havn.version": "0.1.0",
    "havn.node": "v24.1.0",
    "havn.platform": "linux-x64",
    "havn.cpu": "8 x Zen",
  };
  expect(placeDifferences({ tags }, here)).toEqual([
    { what: "Havn", original: "0.1.0", now: "0.2.0" },
    { what: "processor", original: "8 x Zen", now: "2 x Zen" },
  ]);
});
