import type { Span } from "./trace.ts";

/** What all kernels of one operator took together. */
export interface OperatorCost {
  readonly operator: string;
  /** Of the time of all kernels. */
  readonly share: number;
  readonly calls: number;
  readonly totalMs: number;
}

/** Operators of these kernels, the most expensive first. */
export function operatorCosts(spans: readonly Span[]): OperatorCost[] {
  const kernels = spans.filter(({ kind }) => kind === "kernel");
  const all = sumOf(kernels);
  return [...Map.groupBy(kernels, ({ name }) => name)]
    .map(([operator, calls]) => ({
      operator,
      share: sumOf(calls) / all,
      calls: calls.length,
      totalMs: sumOf(calls),
    }))
    .sort((a, b) => b.totalMs - a.totalMs);
}

const sumOf = (spans: readonly Span[]): number => spans.reduce((sum, { durationMs }) => sum + durationMs, 0);
