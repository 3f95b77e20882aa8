/** Drift of embeddings: vectors whose single dimensions mean nothing to a person. */
import { columnDrift } from "./column-drift.ts";
import { MonitoringError } from "./monitoring-error.ts";
import type { Table } from "./table.ts";

export interface EmbeddingDrift {
  /** 1 - cosine of the angle between the two mean vectors: 0 where they point the same way, 2 at most. */
  readonly cosine: EmbeddingDistance;
  /** Between the mean vectors. */
  readonly euclidean: EmbeddingDistance;
  /** Share of the dimensions whose Wasserstein distance, in standard deviations of the reference, is 0.1 or more. */
  readonly driftedDimensions: EmbeddingDistance;
}

export interface EmbeddingDistance {
  readonly score: number;
  readonly threshold: number;
  readonly drifted: boolean;
}

/**
 * Compares embeddings whose dimensions are columns of two tables.
 * @param columns   the dimensions; all columns of the reference unless given
 * @param threshold from which on each score is drift
 * @throws {MonitoringError} for a dimension that is missing, or not all numbers
 */
export function embeddingDrift(
  reference: Table,
  current: Table,
  {
    columns: dimensions = Object.keys(reference),
    threshold = 0.2,
  }: { readonly columns?: readonly string[]; readonly threshold?: number } = {},
): EmbeddingDrift {
  if (dimensions.length === 0) throw new MonitoringError("no_rows", "there are no dimensions to compare");
  const [a, b] = [means(reference, dimensions), means(current, dimensions)];
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const difference = a.map((mean, i) => mean - b[i]!);
  const drifted = dimensions.filter(
    (name) => columnDrift(name, reference[name]!, current[name]!, { method: "wasserstein" }).drifted,
  );
  const judged = (score: number) => ({ score, threshold, drifted: score >= threshold });
  return {
    cosine: judged(1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))),
    euclidean: judged(Math.sqrt(dot(difference, difference))),
    driftedDimensions: judged(drifted.length / dimensions.length),
  };
}

const means = (table: Table, dimensions: readonly string[]): number[] =>
  dimensions.map((name) => {
    const column = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!(column instanceof Float64Array) || column.length === 0)
      throw new MonitoringError("missing_column", `both sides must have numbers in the dimension ${name}`, {
        column: name,
      });
    return column.reduce((sum, value) => sum + value, 0) / column.length;
  });
