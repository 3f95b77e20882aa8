import type { LineSeriesOption } from "echarts/charts";
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from "echarts/components";
import type { ComposeOption } from "echarts/core";
import { formatNumber } from "../format/number.ts";
import type { Curve } from "./curve.ts";

export type LineChartOption = ComposeOption<
  LineSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

/** Colours of the page, so that charts follow day and night. */
export interface ChartTheme {
  readonly text: string;
  readonly line: string;
  readonly surface: string;
  /** For curves, in order. */
  readonly palette: readonly string[];
}

/** What a chart of curves over steps looks like. Plain data, apart from the words of the tooltip. */
export function lineChartOption(curves: readonly Curve[], theme: ChartTheme): LineChartOption {
  const hasLegend = curves.length > 1;
  return {
    // Curves grow while a run goes on: moving them each time would be restless.
    animation: false,
    grid: { left: 8, right: 20, top: hasLegend ? 44 : 14, bottom: 6, outerBoundsMode: "same" },
    legend: {
      show: hasLegend,
      type: "scroll",
      top: 0,
      left: 0,
      itemWidth: 22,
      data: curves.map(({ name }) => name),
      textStyle: { color: theme.text },
      inactiveColor: theme.line,
      pageTextStyle: { color: theme.text },
      pageIconColor: theme.text,
    },
    xAxis: {
      type: "value",
      // A run that is evaluated every epoch has its first value far from step 0.
      min: 0,
      max: "dataMax",
      axisLabel: { color: theme.text, hideOverlap: true, showMaxLabel: false },
      axisLine: { lineStyle: { color: theme.line } },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      scale: true,
      splitNumber: 4,
      axisLabel: { color: theme.text, formatter: formatNumber },
      splitLine: { lineStyle: { color: theme.line } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      axisPointer: { lineStyle: { color: theme.text, type: "dashed" } },
      backgroundColor: theme.surface,
      borderColor: theme.line,
      textStyle: { color: theme.text },
      formatter: tooltip,
    },
    series: curves.flatMap((curve) => seriesOf(curve, theme)),
  };
}

function seriesOf(
  { name, colour, isDashed, isSmoothed, points }: Curve,
  { palette }: ChartTheme,
): LineSeriesOption[] {
  const color = palette[(colour - 1) % palette.length]!;
  // ECharts leaves a gap where there is no number.
  const gaps = (value: number) => (Number.isFinite(value) ? value : null);
  const common = { type: "line", name, color, sampling: "lttb", symbol: "circle" } satisfies LineSeriesOption;
  const drawn: LineSeriesOption = {
    ...common,
    data: points.map(([step, value, measured]) => [step, gaps(value), gaps(measured)]),
    showSymbol: points.length <= 12,
    symbolSize: points.length === 1 ? 9 : 5,
    lineStyle: { width: 2, type: isDashed ? "dashed" : "solid" },
    z: 3,
  };
  if (!isSmoothed) return [drawn];
  const measured: LineSeriesOption = {
    ...common,
    data: points.map(([step, , value]) => [step, gaps(value)]),
    showSymbol: false,
    lineStyle: { width: 1, opacity: 0.28 },
    emphasis: { disabled: true },
    silent: true,
    z: 2,
  };
  return [measured, drawn];
}

interface TooltipItem {
  readonly seriesName?: string;
  readonly color?: unknown;
  readonly value?: unknown;
}

/** Elements, not HTML text: names come from outside, and the page's policy allows no styles in markup. */
function tooltip(items: unknown): HTMLElement {
  const box = document.createElement("div");
  box.className = "chart-tooltip";
  for (const { seriesName = "", color, value } of items as readonly TooltipItem[]) {
    const [step, , measured] = value as readonly (number | null)[];
    // The faint line of measured values has none to tell that the drawn one does not tell.
    if (measured === undefined) continue;
    if (box.childElementCount === 0)
      box.append(line("chart-tooltip-step", `step ${formatNumber(step ?? 0)}`));
    const row = line("chart-tooltip-row");
    const swatch = line("chart-tooltip-swatch");
    swatch.style.background = String(color);
    const shown = measured === null ? "not a number" : formatNumber(measured);
    row.append(swatch, line("chart-tooltip-name", seriesName), line("number", shown));
    box.append(row);
  }
  return box;
}

function line(className: string, text = ""): HTMLElement {
  const element = document.createElement("div");
  element.className = className;
  element.textContent = text;
  return element;
}
