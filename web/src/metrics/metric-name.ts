/** A metric's key taken apart: `validation_loss` is the quantity `loss` on the split `validation`. */
export interface MetricName {
  /** Missing for what is not measured on data, such as `learning_rate`. */
  readonly split?: string;
  readonly quantity: string;
}

const splits: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  eval: "validation",
  evaluation: "validation",
  test: "test",
};

/** Reads `SPLIT_QUANTITY`, `SPLIT/QUANTITY` and `SPLIT.QUANTITY`; any other key is a quantity by itself. */
export function parseMetricName(key: string): MetricName {
  const match = /^([a-z]+)[_/.](.+)$/i.exec(key);
  const split = match ? splits[match[1]!.toLowerCase()] : undefined;
  return match && split ? { split, quantity: match[2]! } : { quantity: key };
}

/** `validation_f1` as `Validation F1`, `learning_rate` as `Learning rate`. */
export function metricTitle(key: string): string {
  const words = key.replaceAll(/[_/]+/g, " ").trim();
  const titled = words.replaceAll(/\b(f1|auroc|auc|bleu|chrf|mse|mae|rmse)\b/gi, (name) =>
    name.toUpperCase(),
  );
  return titled.charAt(0).toUpperCase() + titled.slice(1);
}
