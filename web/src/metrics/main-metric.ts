import type { Run } from "../api/runs.ts";
import { parseMetricName } from "./metric-name.ts";

/**
 * The metric by which runs are judged: validation accuracy where any run has it, else the quantity other than the loss
 * that most runs have measured on the validation split.
 */
export function mainMetric(runs: readonly Pick<Run, "metrics">[]): string {
  const counts = new Map<string, number>();
  for (const { metrics } of runs) {
    for (const key of Object.keys(metrics)) {
      const { split, quantity } = parseMetricName(key);
      if (split !== "validation" || quantity === "loss") continue;
      if (quantity === "accuracy") return key;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  return most?.[0] ?? "validation_accuracy";
}

/** The loss to show in one number: on the validation split where there is one. */
export function lossOf({ metrics }: Pick<Run, "metrics">): number | undefined {
  return (metrics.validation_loss ?? metrics.train_loss ?? metrics.loss)?.value;
}
