import type { EChartsCoreOption } from "echarts/core";
import type { SweepResults } from "../api/sweeps.ts";
import { formatNumber } from "../format/number.ts";
import type { ChartTheme } from "./line-chart.ts";

type Parallel = Pick<SweepResults, "parallel" | "metric">;

/** One line for each trial through all parameters to the metric; the better, the stronger its colour. */
export function parallelChartOption({ parallel, metric }: Parallel, theme: ChartTheme): EChartsCoreOption {
  const { axes, rows } = parallel;
  const last = axes.length - 1;
  const values = rows.map((row) => Number(row.values[last]));
  const [faint, strong] = [theme.text, theme.palette[0]!];
  // Lines run through the labels: a rim in the colour of the ground keeps them legible.
  const axisLabel = { color: theme.text, textBorderColor: theme.surface, textBorderWidth: 4 };
  return {
    animation: false,
    parallel: {
      left: 60,
      right: 70,
      top: 40,
      bottom: 24,
      parallelAxisDefault: {
        nameTextStyle: { color: theme.text },
        axisLabel,
        axisLine: { lineStyle: { color: theme.line } },
        axisTick: { lineStyle: { color: theme.line } },
      },
    },
    parallelAxis: axes.map((axis, dim) => ({
      dim,
      z: 10,
      name: shortName(axis.key),
      ...(axis.kind === "category"
        ? { type: "category" as const, data: [...axis.values] }
        : {
            type: axis.scale === "log" ? ("log" as const) : ("value" as const),
            scale: true,
            axisLabel: { ...axisLabel, formatter: formatNumber },
          }),
    })),
    visualMap: {
      show: false,
      dimension: last,
      min: Math.min(...values),
      max: Math.max(...values),
      inRange: { color: metric.goal === "maximize" ? [faint, strong] : [strong, faint] },
    },
    series: [
      {
        type: "parallel",
        smooth: false,
        lineStyle: { width: 2, opacity: 0.9 },
        data: rows.map((row) => [...row.values]),
      },
    ],
  };
}

/** The last part of a dotted key says enough on an axis. */
export const shortName = (key: string): string => key.slice(key.lastIndexOf(".") + 1);
