/** Drift of one column. */
import { binCounts, rangeOf, sturgesEdges } from "./bins.ts";
import {
  type DriftMethod,
  type DriftTest,
  defaultMethod,
  driftTests,
  mostNumericCategories,
} from "./drift-tests.ts";
import { MonitoringError } from "./monitoring-error.ts";
import {
  type CountedSample,
  countedSample,
  distinctTogether,
  distinctValues,
  moments,
  type NumericSample,
  numericSample,
  quantile,
} from "./sample.ts";
import { type Column, type ColumnType, columnType } from "./table.ts";

/** What the values of one side are like. */
export interface ColumnSummary {
  readonly count: number;
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
  /** Of numbers; `deviation` is that of a sample (n - 1). */
  readonly numbers?: {
    readonly mean: number;
    readonly deviation: number;
    readonly min: number;
    readonly quartiles: readonly [number, number, number];
    readonly max: number;
  };
}

/** How many values of each side are in each bin, or are each category. */
export interface Histogram {
  /** One more than there are bins, of numbers. */
  readonly edges?: readonly number[];
  /** Of categories: the most frequent ones. */
  readonly categories?: readonly string[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

export interface ColumnDrift {
  readonly name: string;
  readonly type: ColumnType;
  readonly method: DriftMethod;
  readonly title: string;
  /** Whether the score is a probability, of which a small one is drift, or a distance, of which a large one is. */
  readonly scoreType: DriftTest["score"];
  readonly score: number;
  readonly threshold: number;
  readonly drifted: boolean;
  readonly reference: ColumnSummary;
  readonly current: ColumnSummary;
  readonly histogram: Histogram;
}

export interface ColumnDriftOptions {
  /** Chosen by the size and kind of the values unless given. */
  readonly method?: DriftMethod | undefined;
  /** That of the method unless given. */
  readonly threshold?: number | undefined;
  /** The side whose size chooses the method. */
  readonly testsBy?: "reference" | "smaller";
}

interface Sides<Sample> {
  readonly reference: Sample;
  readonly current: Sample;
}

/**
 * Compares a column of the current data with that of the reference.
 * @throws {MonitoringError} when a side has no values, the sides differ in type, or the method does not fit the column
 */
export function columnDrift(
  name: string,
  reference: Column,
  current: Column,
  { method, threshold, testsBy = "reference" }: ColumnDriftOptions = {},
): ColumnDrift {
  const measured = measure(name, reference, current, { method, testsBy });
  const { score: scoreType, title, threshold: usual }: DriftTest = driftTests[measured.method];
  const limit = threshold ?? usual;
  const drifted = scoreType === "p-value" ? measured.score < limit : measured.score >= limit;
  return { name, type: columnType(reference), title, scoreType, threshold: limit, drifted, ...measured };
}

function measure(name: string, reference: Column, current: Column, choice: Choice): Measured {
  if (reference instanceof Float64Array && current instanceof Float64Array) {
    const sides = { reference: numericSample(reference), current: numericSample(current) };
    return numericDrift(name, sides, choice);
  }
  if (!(reference instanceof Float64Array || current instanceof Float64Array)) {
    const sides = { reference: countedSample(reference), current: countedSample(current) };
    return categoricalDrift(name, sides, choice);
  }
  throw new MonitoringError(
    "different_types",
    `column ${name} is ${columnType(reference)} in the reference and ${columnType(current)} in the current data; it must be the same in both`,
    { column: name },
  );
}

type Choice = Pick<ColumnDriftOptions, "method" | "testsBy">;

/** How many values are taken to decide on the method. */
const decidingSize = ({ reference, current }: Sides<number>, { testsBy }: Choice): number =>
  testsBy === "smaller" ? Math.min(reference, current) : reference;

type Measured = Pick<ColumnDrift, "method" | "score" | "reference" | "current" | "histogram">;

function numericDrift(name: string, sides: Sides<NumericSample>, choice: Choice): Measured {
  const { reference, current } = sides;
  const sizes = { reference: reference.values.length, current: current.values.length };
  requireValues(name, sizes);
  const distinct = distinctTogether(reference, current, mostNumericCategories + 1);
  const method = choice.method ?? defaultMethod("numeric", decidingSize(sizes, choice), distinct);
  const score = scoreOf(name, "numeric", method, (test) => test.numeric?.(reference, current));
  const size = sizes.reference + sizes.current;
  const edges = sturgesEdges(rangeOf(reference, current), size);
  return {
    method,
    score,
    reference: numericSummary(reference),
    current: numericSummary(current),
    histogram: { edges, reference: binCounts(reference, edges), current: binCounts(current, edges) },
  };
}

function categoricalDrift(name: string, sides: Sides<CountedSample>, choice: Choice): Measured {
  const { reference, current } = sides;
  const sizes = { reference: reference.size, current: current.size };
  requireValues(name, sizes);
  const distinct = new Set([...reference.counts.keys(), ...current.counts.keys()]).size;
  const method = choice.method ?? defaultMethod("categorical", decidingSize(sizes, choice), distinct);
  const score = scoreOf(name, "categorical", method, (test) => test.categorical?.(reference, current));
  return {
    method,
    score,
    reference: countedSummary(reference),
    current: countedSummary(current),
    histogram: categoryCounts(reference, current),
  };
}

function requireValues(name: string, sizes: Sides<number>): void {
  for (const [side, size] of Object.entries(sizes))
    if (size === 0)
      throw new MonitoringError(
        "empty_column",
        `column ${name} has no values in the ${side === "reference" ? "reference" : "current data"}: all of them are missing`,
        { column: name },
      );
}

function scoreOf(
  column: string,
  type: ColumnType,
  method: DriftMethod,
  run: (test: DriftTest) => number | undefined,
): number {
  try {
    const score = run(driftTests[method]);
    if (score !== undefined) return score;
  } catch (error) {
    if (!(error instanceof MonitoringError)) throw error;
    throw new MonitoringError(error.code, `column ${column}: ${error.message}`, { column });
  }
  const fitting = Object.entries<DriftTest>(driftTests).filter(([, test]) => test[type]);
  throw new MonitoringError(
    "wrong_type",
    `column ${column} is ${type}, which ${method} cannot compare; ${fitting.map(([name]) => name).join(", ")} can`,
    { column },
  );
}

function numericSummary({ values, missing }: NumericSample): ColumnSummary {
  const { mean, squares } = moments(values);
  const distinct = distinctValues({ values, missing }, values.length);
  return {
    ...{ count: values.length, missing, distinct },
    numbers: {
      mean,
      deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0,
      min: values[0]!,
      quartiles: [quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)],
      max: values.at(-1)!,
    },
  };
}

const countedSummary = ({ counts, size, missing }: CountedSample): ColumnSummary => ({
  count: size,
  missing,
  distinct: counts.size,
});

/** Categories that a histogram shows. */
const mostShown = 30;

function categoryCounts(reference: CountedSample, current: CountedSample): Histogram {
  const all = [...new Set([...reference.counts.keys(), ...current.counts.keys()])];
  const share = (value: string | number) =>
    (reference.counts.get(value) ?? 0) / reference.size + (current.counts.get(value) ?? 0) / current.size;
  const shown = all.sort((a, b) => share(b) - share(a)).slice(0, mostShown);
  const of = ({ counts }: CountedSample) => shown.map((value) => counts.get(value) ?? 0);
  return { categories: shown.map(String), reference: of(reference), current: of(current) };
}
