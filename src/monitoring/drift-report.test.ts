import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DriftMethod,
  type DriftTest,
  driftReport,
  driftTests,
  embeddingDrift,
  type MonitoringError,
  tableOf,
} from "./index.ts";

const scoreOf = (method: DriftMethod, reference: readonly number[], current: readonly number[]): number =>
  driftReport(
    { x: Float64Array.from(reference) },
    { x: Float64Array.from(current) },
    { methods: { x: method } },
  ).columns[0]!.score;

describe("a small golden", () => {
  const reference = [1, 2, 2, 3, 5, 8, 13, 21, 34, 55, 4, 6];
  const current = [2, 3, 3, 4, 7, 11, 18, 29, 47, 76, 9, 40, ...Array.from({ length: 12 }, (_, i) => 60 + i)];

  /** By SciPy 1.17. */
  test.each<[DriftMethod, number]>([
    ["ks", 0.01451364676385942],
    ["wasserstein", 1.9242772697491441],
    ["ed", 5.260241333711686],
    ["t_test", 0.001527146289121691],
    ["mannw", 0.0014023229386033538],
    ["es", 0.003360030875731474],
    ["cramer_von_mises", 0.002898996315103486],
    ["anderson", 0.002483615610927393],
  ])("%s", (method, expected) => {
    const score = scoreOf(method, reference, current);
    expect(Math.abs(score / expected - 1)).toBeLessThan(1e-9);
  });

  test("shares of categories, computed by hand", () => {
    const [a, b] = [
      { x: ["yes", "yes", "yes", "no"] },
      { x: ["yes", "no", "no", "no", "no", "no", "no", "no", null] },
    ];
    const score = (method: DriftMethod) =>
      driftReport(a, b, { methods: { categorical: method } }).columns[0]!.score;
    // 3/4 and 1/4 against 1/8 and 7/8; expected 6 and 2 of 8, observed 1 and 7.
    const [p, q] = [3 / 4, 1 / 8];
    expect(score("psi")).toBeCloseTo((p - q) * Math.log(p / q) + (q - p) * Math.log((1 - p) / (1 - q)), 12);
    expect(score("kl_div")).toBeCloseTo(p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q)), 12);
    expect(score("hellinger")).toBeCloseTo(
      Math.sqrt(1 - Math.sqrt(p * q) - Math.sqrt((1 - p) * (1 - q))),
      12,
    );
    // Chi-square of 25/6 + 25/2 with one degree of freedom: twice the normal tail of its root.
    expect(score("chisquare")).toBeCloseTo(4.455709060402491e-5, 15);
  });

  test("a smallest Kolmogorov-Smirnov test can be counted on fingers", () => {
    // Of the 6 orders of two and two values, 2 keep them apart.
    expect(scoreOf("ks", [1, 2], [3, 4])).toBeCloseTo(1 / 3, 15);
    // Of the 10 orders of two and three values, 2.
    expect(scoreOf("ks", [1, 2], [3, 4, 5])).toBeCloseTo(1 / 5, 15);
  });

  test("samples that are too large to count take the limiting distribution, which is close", () => {
    const moved = (size: number, by: number) => {
      const values = [...Array(size).keys()];
      return scoreOf(
        "ks",
        values,
        values.map((value) => value + by),
      );
    };
    // The same largest distance times the root of the size: 10,000 values are counted, 40,000 are not.
    const [counted, limit] = [moved(10_000, 200), moved(40_000, 400)];
    expect(limit).toBeCloseTo(2 * (Math.exp(-4) - Math.exp(-16)), 6);
    expect(counted).toBeCloseTo(limit, 3);
    expect(moved(40_000, 40_000)).toBe(0);
  });
});

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 30, maxLength: 80 });
const methods = Object.keys(driftTests) as DriftMethod[];

describe.each(methods)("%s", (method) => {
  const { score: kind, numeric }: DriftTest = driftTests[method];

  test.runIf(numeric)("says nothing of order, place and scale", () =>
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        fc.pre(new Set(a).size > 21 && new Set(b).size > 10);
        const score = scoreOf(method, a, b);
        expect(scoreOf(method, a.toReversed(), b)).toBeCloseTo(score, 9);
        // A power of two keeps every digit.
        const moved = (values: number[]) => values.map((value) => 4 * value + 1024);
        const scaled = scoreOf(method, moved(a), moved(b));
        expect(method === "ed" ? scaled / 2 : scaled).toBeCloseTo(score, 9);
      }),
      { numRuns: 30 },
    ),
  );

  test.runIf(numeric)("the same data has not drifted", () =>
    fc.assert(
      fc.property(numbers, (a) => {
        fc.pre(new Set(a).size > 21);
        const { drifted, score } = driftReport(
          { x: Float64Array.from(a) },
          { x: Float64Array.from(a) },
          { methods: { x: method } },
        ).columns[0]!;
        expect(drifted).toBe(false);
        if (kind === "distance") expect(score).toBeCloseTo(0, 7);
        else expect(score).toBeGreaterThan(0.2);
      }),
      { numRuns: 30 },
    ),
  );
});

describe("the whole", () => {
  const steady = Array.from({ length: 50 }, (_, i) => ({ length: i % 13, label: i % 3 ? "a" : "b" }));
  const longer = steady.map(({ length, label }) => ({ length: length + 9, label }));

  test("half of the columns make it drift, unless another share is chosen", () => {
    const report = driftReport(tableOf(steady), tableOf(longer));
    expect(report).toMatchObject({
      rows: { reference: 50, current: 50 },
      ...{ driftedColumns: 1, share: 0.5, driftShare: 0.5, datasetDrift: true },
    });
    expect(report.columns.map(({ name, method, drifted }) => [name, method, drifted])).toEqual([
      ["length", "ks", true],
      ["label", "z", false],
    ]);
    expect(driftReport(tableOf(steady), tableOf(longer), { driftShare: 0.6 }).datasetDrift).toBe(false);
  });

  test("of a few rows none has drifted, however far away they are", () => {
    const one = driftReport(tableOf(steady), tableOf(longer.slice(0, 29)), { fewestRows: 30 });
    expect(one).toMatchObject({ isJudged: false, fewestRows: 30, driftedColumns: 0, datasetDrift: false });
    expect(one.columns[0]!.score, "is told all the same").toBeLessThan(0.05);
    const enough = driftReport(tableOf(steady), tableOf(longer.slice(0, 30)), { fewestRows: 30 });
    expect(enough).toMatchObject({ isJudged: true, driftedColumns: 1, datasetDrift: true });
  });

  test("where the smaller side decides, a small sample of the same data has not drifted", () => {
    const numbers = (size: number) =>
      Float64Array.from({ length: size }, (_, i) => ((i * 7919) % 2003) / 2003);
    const [many, few] = [{ x: numbers(2003) }, { x: numbers(40) }];
    expect(driftReport(many, few).columns[0]).toMatchObject({ method: "wasserstein" });
    expect(driftReport(many, few, { testsBy: "smaller" }).columns[0]).toMatchObject({
      method: "ks",
      drifted: false,
    });
    expect(driftReport(few, many, { testsBy: "smaller" }).columns[0]).toMatchObject({ method: "ks" });
    const labels = (size: number) => Array.from({ length: size }, (_, i) => (i % 10 ? "a" : "b"));
    expect(
      driftReport({ x: labels(2000) }, { x: labels(35) }, { testsBy: "smaller" }).columns[0],
    ).toMatchObject({ method: "z", drifted: false });
  });

  test("missing values are counted and left out", () => {
    const rows = [...steady, { length: null, label: null }];
    const { columns } = driftReport(tableOf(rows), tableOf(steady));
    expect(columns.map(({ reference, current }) => [reference.missing, current.missing])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  test("constants: the same has not drifted, another has", () => {
    const column = (value: number) => ({ x: new Float64Array(40).fill(value) });
    expect(driftReport(column(3), column(3)).columns[0]).toMatchObject({
      method: "z",
      score: 1,
      drifted: false,
    });
    expect(driftReport(column(3), column(4)).columns[0]).toMatchObject({ method: "z", drifted: true });
    const large = (value: number) => ({ x: new Float64Array(2000).fill(value) });
    expect(driftReport(large(3), large(4)).columns[0]).toMatchObject({
      method: "jensenshannon",
      drifted: true,
    });
  });
});

test("embeddings: a right angle between the means, a diagonal apart", () => {
  const x = { a: Float64Array.of(1, 1), b: Float64Array.of(0, 0) };
  const y = { a: Float64Array.of(0, 0), b: Float64Array.of(1, 1) };
  const { cosine, euclidean, driftedDimensions } = embeddingDrift(x, y);
  expect([cosine.score, driftedDimensions.score]).toEqual([1, 1]);
  expect(euclidean.score).toBeCloseTo(Math.SQRT2, 15);
  expect(embeddingDrift(x, x).euclidean).toEqual({ score: 0, threshold: 0.2, drifted: false });
  expect(() => embeddingDrift(x, { a: x.a })).toThrow("both sides must have numbers in the dimension b");
});

describe("what cannot be compared is said", () => {
  const messageOf = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      return `${(error as MonitoringError).code}: ${(error as Error).message}`;
    }
    throw new Error("nothing was thrown");
  };
  const x = { x: Float64Array.of(1, 2, 3) };

  test.each<[string, () => unknown, string]>([
    [
      "a column that is not there",
      () => driftReport(x, { y: Float64Array.of(1) }),
      "missing_column: the current data must have the column x; it has y",
    ],
    [
      "a column without values",
      () => driftReport(x, { x: Float64Array.of(Number.NaN) }),
      "empty_column: column x has no values in the current data: all of them are missing",
    ],
    [
      "two types",
      () => driftReport(x, { x: ["a"] }),
      "different_types: column x is numeric in the reference and categorical in the current data; it must be the same in both",
    ],
    [
      "numbers and texts",
      () => tableOf([{ x: 1 }, { x: null }, { x: "2" }]),
      'mixed_types: column x must hold numbers or texts, not both: row 1 has 1, row 3 has "2"',
    ],
    ["no rows", () => tableOf([]), "no_rows: there are no rows to make a table of"],
    [
      "a method for numbers",
      () => driftReport({ x: ["a"] }, { x: ["a"] }, { methods: { x: "ks" } }),
      "wrong_type: column x is categorical, which ks cannot compare; chisquare, z, jensenshannon, kl_div, psi, hellinger can",
    ],
    [
      "a method of no name",
      () => driftReport(x, x, { methods: { numeric: "kolmogorov" as "ks" } }),
      'unknown_method: there is no drift test "kolmogorov"; there are ks, chisquare, z, wasserstein, jensenshannon, kl_div, psi, hellinger, ed, t_test, mannw, es, cramer_von_mises, anderson',
    ],
    [
      "a test of constants",
      () =>
        driftReport({ x: Float64Array.of(1, 1) }, { x: Float64Array.of(1, 1) }, { methods: { x: "t_test" } }),
      "undefined_test: column x: the t test needs values that differ, those of each side are the same",
    ],
    [
      "a share",
      () => driftReport(x, x, { driftShare: 0 }),
      "invalid_option: driftShare must be above 0 and at most 1, got 0",
    ],
  ])("%s", (_, work, message) => {
    expect(messageOf(work)).toBe(message);
  });
});
