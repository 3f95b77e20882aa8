import { describe, expect, it } from "vitest";
import { parallelChartOption, shortName } from "./parallel-chart.ts";

const theme = { text: "#111", line: "#ccc", surface: "#fff", palette: ["#00f", "#f00"] };
const parallel = {
  axes: [
    { key: "optimizer.learning_rate", kind: "number" as const, scale: "log" as const },
    { key: "optimizer", kind: "category" as const, values: ["adamw", "sgd"] },
    { key: "validation_accuracy", kind: "number" as const, scale: "linear" as const },
  ],
  rows: [
    { trial: 1, values: [1e-4, "sgd", 0.7] },
    { trial: 2, values: [1e-3, "adamw", 0.8] },
  ],
};

describe("parallelChartOption", () => {
  it("gives each parameter an axis of its kind, and the metric the last", () => {
    const option = parallelChartOption(
      { parallel, metric: { name: "validation_accuracy", goal: "maximize" } },
      theme,
    );
    expect(option.parallelAxis).toMatchObject([
      { dim: 0, name: "learning_rate", type: "log" },
      { dim: 1, name: "optimizer", type: "category", data: ["adamw", "sgd"] },
      { dim: 2, name: "validation_accuracy", type: "value" },
    ]);
    expect(option.series).toMatchObject([
      { type: "parallel", data: parallel.rows.map(({ values }) => values) },
    ]);
  });

  it("makes the better trials stand out, whichever way is better", () => {
    const colours = (goal: "minimize" | "maximize") =>
      parallelChartOption({ parallel, metric: { name: "m", goal } }, theme).visualMap;
    expect(colours("maximize")).toMatchObject({
      min: 0.7,
      max: 0.8,
      inRange: { color: ["#111", "#00f"] },
    });
    expect(colours("minimize")).toMatchObject({ inRange: { color: ["#00f", "#111"] } });
  });
});

it("an axis bears the last part of its key", () => {
  expect(shortName("optimizer.learning_rate")).toBe("learning_rate");
  expect(shortName("seed")).toBe("seed");
});
