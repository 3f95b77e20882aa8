import { describe, expect, it } from "vitest";
import type { MetricHistory } from "../metrics/histories.ts";
import { curveOf } from "./curve.ts";
import { lineChartOption } from "./line-chart.ts";

const theme = { text: "#000", line: "#ccc", surface: "#fff", palette: ["blue", "orange"] };
const style = { name: "train loss", colour: 1, isDashed: false };

const history = (values: readonly number[]): MetricHistory => ({
  run: {
    runId: "r1",
    name: "calm-bay",
    experimentId: "1",
    status: "FINISHED",
    startTime: 0,
    endTime: 1,
    metrics: {},
    params: {},
    tags: {},
    datasets: [],
  },
  key: "train_loss",
  metrics: values.map((value, i) => ({ key: "train_loss", value, step: 10 * i, timestamp: i })),
});

describe("curveOf", () => {
  it("smooths long curves and keeps what was measured", () => {
    const values = Array.from({ length: 100 }, (_, i) => i % 2);
    const curve = curveOf(history(values), style, 0.9);
    expect(curve.isSmoothed).toBe(true);
    expect(curve.points[99]![1]).toBeCloseTo(0.5, 1);
    expect(curve.points[99]![2]).toBe(1);
  });

  it("leaves short curves, and all without weight, as they are", () => {
    expect(curveOf(history([1, 0]), style, 0.9)).toMatchObject({
      isSmoothed: false,
      points: [
        [0, 1, 1],
        [10, 0, 0],
      ],
    });
    expect(curveOf(history(new Array(100).fill(1)), style, 0).isSmoothed).toBe(false);
  });
});

describe("lineChartOption", () => {
  it("draws a smoothed curve twice, under one name in the legend", () => {
    const curve = curveOf(history(new Array(100).fill(1)), style, 0.5);
    const option = lineChartOption([curve], theme);
    expect(option.series).toHaveLength(2);
    expect(option.legend).toMatchObject({ show: false, data: ["train loss"] });
  });

  it("leaves a gap where a value is no number", () => {
    const curve = curveOf(history([1, Number.NaN, 2]), style, 0);
    expect(lineChartOption([curve], theme).series).toMatchObject([
      {
        data: [
          [0, 1, 1],
          [10, null, null],
          [20, 2, 2],
        ],
      },
    ]);
  });

  it("begins again with the first colour when there are more curves than colours", () => {
    const curves = [1, 2, 3].map((colour) => curveOf(history([1]), { ...style, colour }, 0));
    expect(lineChartOption(curves, theme).series).toMatchObject([
      { color: "blue" },
      { color: "orange" },
      { color: "blue" },
    ]);
  });
});
