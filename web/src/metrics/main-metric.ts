import type { Run } from "../api/runs.ts";
import { parseMetricName } from "./metric-name.ts";

/** What clients of MLflow call the quality of a model, on whatever split. */
const quality = /(^|[_/.])(accuracy|f1|auc|roc_auc|auroc|bleu|chrf|score|r2|rmse|mae)($|[_/.])/i;

/**
 * The metric by which runs are judged: validation accuracy where any run has it, else the quantity other than the loss
 * that most runs have measured on the validation split, else what most runs call like a quality.
 */
export function mainMetric(runs: readonly Pick<Run, "metrics">[]): string {
  const keys = runs.flatMap(({ metrics }) => Object.keys(metrics));
  const isOnValidation = (key: string) => parseMetricName(key).split === "validation";
  const isCalled = (quantity: string) => (key: string) => parseMetricName(key).quantity === quantity;
  const validated = keys.filter((key) => isOnValidation(key) && !isCalled("loss")(key));
  return (
    validated.find(isCalled("accuracy")) ??
    mostFrequent(validated) ??
    mostFrequent(keys.filter((key) => quality.test(key) && !key.startsWith("best_"))) ??
    "validation_accuracy"
  );
}

function mostFrequent(keys: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}

/** The loss to show in one number: on the validation split where there is one. */
export function lossOf({ metrics }: Pick<Run, "metrics">): number | undefined {
  return (metrics.validation_loss ?? metrics.train_loss ?? metrics.loss)?.value;
}
