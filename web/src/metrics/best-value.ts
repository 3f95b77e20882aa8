import { parseMetricName } from "./metric-name.ts";

/** Quantities of which less is better; of all others more is. */
const falling = /(^|_)(loss|error|rmse|mse|mae|perplexity|ppl|wer|cer)($|_)/i;

export const isLessBetter = (key: string): boolean => falling.test(parseMetricName(key).quantity);

/** The best of a metric's values; `undefined` where none is a number. */
export function bestValue(key: string, values: readonly number[]): number | undefined {
  const numbers = values.filter((value) => !Number.isNaN(value));
  if (numbers.length === 0) return undefined;
  return numbers.reduce((best, value) => (isLessBetter(key) ? Math.min(best, value) : Math.max(best, value)));
}
