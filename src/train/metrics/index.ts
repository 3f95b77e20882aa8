/** How good predictions are: of classes, of probabilities, of numbers. */
export * from "./classification-metrics.ts";
export * from "./probability-metrics.ts";
export {
  meanAbsoluteError,
  meanSquaredError,
  pearson,
  r2,
  spearman,
} from "./regression-metrics.ts";
