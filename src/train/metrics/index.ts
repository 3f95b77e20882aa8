/** How good predictions are: of classes, of probabilities, of numbers, of translations. */
export { type Bleu, bleu, bleuLine } from "./bleu.ts";
export { type Chrf, chrf, chrfLine } from "./chrf.ts";
export * from "./classification-metrics.ts";
export type { TranslationPair } from "./ngram-counts.ts";
export * from "./probability-metrics.ts";
export {
  meanAbsoluteError,
  meanSquaredError,
  pearson,
  r2,
  spearman,
} from "./regression-metrics.ts";
