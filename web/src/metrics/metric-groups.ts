import { parseMetricName } from "./metric-name.ts";

/** Metrics that belong into one chart. */
export interface MetricGroup {
  /** What they measure: `loss`, `accuracy`, `learning_rate`. */
  readonly quantity: string;
  readonly keys: readonly string[];
}

/** Counts of time, not measurements: the axis of a chart rather than its content. */
const counters = new Set(["epoch", "step"]);

/** Whether a metric only repeats the best value of another one, as `best_validation_f1` does. */
export const isBestOfAnother = (key: string, keys: readonly string[]): boolean =>
  key.startsWith("best_") && keys.includes(key.slice("best_".length));

const firstQuantities = ["loss", "accuracy"];

/**
 * Metrics of the same quantity together, on whatever split they were measured: training and validation loss share a
 * chart, and so does the mean loss of an epoch. Loss and accuracy come first, then what is measured on splits, then
 * the rest. The test split and the best value of a metric are left out: they are written once, and are no curves.
 */
export function metricGroups(keys: readonly string[]): MetricGroup[] {
  const groups = new Map<string, { keys: string[]; hasSplit: boolean }>();
  for (const key of keys.toSorted()) {
    const { split, quantity } = parseMetricName(key);
    if (split === "test" || counters.has(quantity) || isBestOfAnother(key, keys)) continue;
    const measured = split ? quantity.replace(/_epoch$/, "") : quantity;
    const group = groups.get(measured) ?? { keys: [], hasSplit: false };
    group.keys.push(key);
    group.hasSplit ||= split !== undefined;
    groups.set(measured, group);
  }
  const rank = (quantity: string, hasSplit: boolean) => {
    const first = firstQuantities.indexOf(quantity);
    return first >= 0 ? first : hasSplit ? firstQuantities.length : firstQuantities.length + 1;
  };
  return [...groups]
    .toSorted(([a, { hasSplit: x }], [b, { hasSplit: y }]) => rank(a, x) - rank(b, y) || a.localeCompare(b))
    .map(([quantity, { keys }]) => ({ quantity, keys }));
}
