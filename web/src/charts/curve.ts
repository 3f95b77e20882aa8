import type { MetricHistory } from "../metrics/histories.ts";
import { smooth } from "../metrics/smooth.ts";

/** How a curve looks and what it is called. */
export interface CurveStyle {
  readonly name: string;
  /** Number of the colour in the theme, from 1. */
  readonly colour: number;
  readonly isDashed: boolean;
}

export interface Curve extends CurveStyle {
  /** Step, drawn value, measured value; the drawn one is smoothed. */
  readonly points: readonly (readonly [step: number, drawn: number, measured: number])[];
  /** Whether drawn and measured values differ, so that the measured ones are worth a faint line. */
  readonly isSmoothed: boolean;
}

/** A curve of so few points is read point by point, and smoothing would only delay it. */
const fewPoints = 40;

/** Set, not measured: there is no noise in them. */
const exact: ReadonlySet<string> = new Set(["learning_rate", "epoch"]);

export const canBeSmoothed = ({ key, metrics }: MetricHistory): boolean =>
  metrics.length > fewPoints && !exact.has(key);

/** @param weight of the smoothing, in [0, 1) */
export function curveOf(history: MetricHistory, style: CurveStyle, weight: number): Curve {
  const { metrics } = history;
  const isSmoothed = weight > 0 && canBeSmoothed(history);
  const measured = metrics.map(({ value }) => value);
  const drawn = isSmoothed ? smooth(measured, weight) : measured;
  return {
    ...style,
    isSmoothed,
    points: metrics.map(({ step, value }, i) => [step, drawn[i]!, value] as const),
  };
}
