/** Scores and decisions are those of the reference libraries (SciPy's tests with Evidently's rules) on their data frames. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import {
  type Column,
  type DriftMethod,
  type DriftOptions,
  type DriftReport,
  driftReport,
  driftTests,
  embeddingDrift,
  type Table,
} from "./index.ts";

const folder = fileURLToPath(new URL("../../../shared/goldens/drift/", import.meta.url));
const isThere = existsSync(folder);
if (!isThere) console.warn(`skipped: there are no golden drift reports in ${folder}`);

interface GoldenColumn {
  readonly type: "num" | "cat" | "text";
  readonly method: string;
  readonly score: number;
  readonly threshold: number;
  readonly drifted: boolean;
}

interface GoldenReport {
  readonly columns: Readonly<Record<string, GoldenColumn>>;
  readonly drifted_columns: number;
  readonly share: number;
  readonly drift_share_threshold: number;
  readonly dataset_drift: boolean;
}

interface Golden extends GoldenReport {
  readonly rows: { readonly reference: number; readonly current: number };
  readonly current_summary?: readonly {
    metric: string;
    column?: string;
    quantile?: string;
    value: unknown;
  }[];
  readonly details?: Readonly<
    Record<string, { ks_p_exact_or_auto: number; wasserstein: number; std_ref_population: number }>
  >;
  readonly by_method?: Readonly<
    Record<string, Readonly<Record<string, { score: number; drifted: boolean; threshold: number }>>>
  >;
  readonly runs?: readonly (GoldenReport & { readonly options: GoldenOptions })[];
  readonly embedding?: Readonly<
    Record<
      "evidently_distance_cosine" | "evidently_distance_euclidean" | "evidently_ratio_wasserstein",
      { score: number; drifted: boolean }
    >
  >;
}

interface GoldenOptions {
  readonly drift_share?: number;
  readonly threshold?: number;
  readonly num_method?: DriftMethod;
  readonly cat_method?: DriftMethod;
  readonly num_threshold?: number;
  readonly cat_threshold?: number;
  readonly columns?: readonly string[];
}

/** How the goldens call our tests. */
const methodOf: Readonly<Record<string, DriftMethod>> = {
  "K-S p_value": "ks",
  "chi-square p_value": "chisquare",
  "Z-test p_value": "z",
  "Wasserstein distance (normed)": "wasserstein",
  "Jensen-Shannon distance": "jensenshannon",
  psi: "psi",
  PSI: "psi",
};

const golden = (name: string): Golden => JSON.parse(readFileSync(`${folder}${name}/result.json`, "utf8"));

function table(name: string, side: "reference" | "current"): Table {
  const rows: string[][] = parse(readFileSync(`${folder}${name}/${side}.csv`));
  const [header, ...cells] = rows as [string[], ...string[][]];
  const columnOf = (column: string, i: number): Column =>
    /^(num|int|emb|desc)_/.test(column)
      ? Float64Array.from(cells, (row) => (row[i] === "" ? Number.NaN : Number(row[i])))
      : cells.map((row) => row[i] || null);
  return Object.fromEntries(header.map((column, i) => [column, columnOf(column, i)]));
}

/** Scores to 1e-9, p-values to 1e-6 of their value; what the reference computed as 1 - p has no more than 1e-15. */
function expectScore(method: DriftMethod, score: number, expected: number, where: string): void {
  const tolerance = driftTests[method].score === "p-value" ? 1e-6 * expected + 1e-15 : 1e-9;
  expect(Math.abs(score - expected), `${where}: ${score} instead of ${expected}`).toBeLessThanOrEqual(
    tolerance,
  );
}

/** All but texts, which are compared by what is measured of them. */
function expectReport(report: DriftReport, expected: GoldenReport): void {
  const columns = Object.entries(expected.columns).filter(([, { type }]) => type !== "text");
  expect(report.columns.map(({ name }) => name).sort()).toEqual(columns.map(([name]) => name).sort());
  for (const [name, { method, score, threshold, drifted }] of columns) {
    const column = report.columns.find((column) => column.name === name)!;
    expect(column, name).toMatchObject({ method: methodOf[method], threshold, drifted });
    expectScore(column.method, column.score, score, name);
  }
  expect(report.driftShare).toBe(expected.drift_share_threshold);
  // The goldens count the text too.
  const texts = Object.values(expected.columns).filter(({ type }) => type === "text");
  const driftedTexts = texts.filter(({ drifted }) => drifted).length;
  expect(report.driftedColumns).toBe(expected.drifted_columns - driftedTexts);
  if (texts.length === 0) expect(report.share).toBeCloseTo(expected.share, 12);
  expect(report.datasetDrift).toBe(expected.dataset_drift);
}

const columnsOf = (expected: GoldenReport) =>
  Object.entries(expected.columns).flatMap(([name, { type }]) => (type === "text" ? [] : [name]));

const frames = [
  ...["small_500_100_same", "small_500_100_drift", "small_100_500_drift", "small_1000_300_drift"],
  ...["mixed_1001_50_drift", "large_5000_2000_same", "large_2000_5000_drift"],
  ...["emb_small_same", "emb_small_drift", "emb_large_drift"],
  ...["text_small_same", "text_small_drift", "text_large_same", "text_large_drift"],
];

describe.skipIf(!isThere)("golden reports", () => {
  test.each(frames)("%s", (name) => {
    const expected = golden(name);
    const report = driftReport(table(name, "reference"), table(name, "current"), {
      columns: columnsOf(expected),
    });
    expect(report.rows).toEqual(expected.rows);
    expectReport(report, expected);
  });

  test.each(frames.filter((name) => name.startsWith("emb_")))("%s: embeddings", (name) => {
    const [reference, current] = [table(name, "reference"), table(name, "current")];
    const columns = Object.keys(reference).filter((column) => column.startsWith("emb_"));
    const { cosine, euclidean, driftedDimensions } = embeddingDrift(reference, current, { columns });
    const { embedding } = golden(name);
    for (const [measured, expected] of [
      [cosine, embedding!.evidently_distance_cosine],
      [euclidean, embedding!.evidently_distance_euclidean],
      [driftedDimensions, embedding!.evidently_ratio_wasserstein],
    ] as const) {
      expect(Math.abs(measured.score - expected.score)).toBeLessThanOrEqual(1e-9);
      expect(measured.drifted).toBe(expected.drifted);
    }
  });

  test("options_500_200: shares, thresholds, methods and columns that are chosen", () => {
    const [reference, current] = [table("options_500_200", "reference"), table("options_500_200", "current")];
    const { runs = [] } = golden("options_500_200");
    expect(runs.length).toBeGreaterThan(0);
    for (const run of runs) {
      const { drift_share, threshold, columns, ...of } = run.options;
      const options: DriftOptions = {
        ...(drift_share !== undefined && { driftShare: drift_share }),
        ...(columns && { columns }),
        ...(of.num_method &&
          of.cat_method && {
            methods: { numeric: of.num_method, categorical: of.cat_method },
          }),
        ...(threshold !== undefined && { thresholds: threshold }),
        ...(of.num_threshold !== undefined &&
          of.cat_threshold !== undefined && {
            thresholds: { numeric: of.num_threshold, categorical: of.cat_threshold },
          }),
      };
      expectReport(driftReport(reference, current, options), run);
    }
  });

  test.each(["small_500_100_drift", "large_2000_5000_drift"])("%s: every method", (name) => {
    const { by_method = {} } = golden(name);
    const [reference, current] = [table(name, "reference"), table(name, "current")];
    let compared = 0;
    for (const [column, methods] of Object.entries(by_method))
      for (const [method, expected] of Object.entries(methods)) {
        // A permutation test on numpy's random numbers.
        if (method === "TVD") continue;
        const known = method as DriftMethod;
        const report = driftReport(reference, current, { columns: [column], methods: { [column]: known } });
        const { score, drifted, threshold } = report.columns[0]!;
        expectScore(known, score, expected.score, `${column} by ${method}`);
        expect({ drifted, threshold }, `${column} by ${method}`).toEqual({
          drifted: expected.drifted,
          threshold: expected.threshold,
        });
        compared++;
      }
    expect(compared).toBeGreaterThan(100);
  });

  test.each(frames.filter((name) => /^(small|mixed|large)/.test(name)))("%s: details", (name) => {
    const { details = {} } = golden(name);
    const [reference, current] = [table(name, "reference"), table(name, "current")];
    for (const [column, expected] of Object.entries(details)) {
      const score = (method: DriftMethod) =>
        driftReport(reference, current, { columns: [column], methods: { [column]: method } }).columns[0]!
          .score;
      expectScore("ks", score("ks"), expected.ks_p_exact_or_auto, column);
      const deviation = Math.max(expected.std_ref_population, 0.001);
      expectScore("wasserstein", score("wasserstein"), expected.wasserstein / deviation, column);
    }
  });

  test.each(frames.filter((name) => /^(small|mixed|large)/.test(name)))(
    "%s: what the values are like",
    (name) => {
      const { current_summary = [] } = golden(name);
      const report = driftReport(table(name, "reference"), table(name, "current"));
      for (const { metric, column: of, quantile, value } of current_summary) {
        const column = report.columns.find((column) => column.name === of);
        if (!column) continue;
        const { missing, numbers } = column.current;
        if (metric === "MissingValueCount") expect(missing, of).toBe((value as { count: number }).count);
        if (metric === "UniqueValueCount" && !numbers) {
          const { categories = [], current } = column.histogram;
          const { counts } = value as { counts: Record<string, number> };
          // The most frequent ones of both sides.
          for (const [i, category] of categories.entries())
            expect(current[i], `${of} ${category}`).toBe(counts[category] ?? 0);
        }
        const known: Record<string, number | undefined> = {
          MinValue: numbers?.min,
          MaxValue: numbers?.max,
          MeanValue: numbers?.mean,
          StdValue: numbers?.deviation,
          QuantileValue: numbers?.quartiles[Number(quantile) * 4 - 1],
        };
        const [got, wanted] = [known[metric], Number(value)];
        if (metric in known)
          expect(Math.abs(got! - wanted), `${of} ${metric} ${quantile}`).toBeLessThanOrEqual(
            1e-12 * Math.max(1, Math.abs(wanted)),
          );
      }
    },
  );
});
