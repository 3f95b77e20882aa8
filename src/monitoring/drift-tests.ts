/** All drift tests: what each is called, what it scores, and from where on its score is drift. */
import { countedShares, numericShares, type Shares } from "./bins.ts";
import { type CountedSample, countValues, type NumericSample } from "./sample.ts";
import type { ColumnType } from "./table.ts";
import { chiSquare, proportions } from "./tests/count-tests.ts";
import { energy, wasserstein } from "./tests/distances.ts";
import {
  hellinger,
  hellingerShares,
  jensenShannon,
  kullbackLeibler,
  populationStability,
} from "./tests/divergences.ts";
import { kolmogorovSmirnov } from "./tests/kolmogorov-smirnov.ts";
import { eppsSingleton, tTest } from "./tests/moment-tests.ts";
import { andersonDarling, cramerVonMises, mannWhitney } from "./tests/rank-tests.ts";

export interface DriftTest {
  readonly title: string;
  /** A p-value below the threshold is drift; a distance that reaches it. */
  readonly score: "p-value" | "distance";
  readonly threshold: number;
  readonly numeric?: (reference: NumericSample, current: NumericSample) => number;
  readonly categorical?: (reference: CountedSample, current: CountedSample) => number;
}

/** A test of how often values occur takes numbers for categories. */
const counted = (categorical: NonNullable<DriftTest["categorical"]>) => ({
  categorical,
  numeric: (reference: NumericSample, current: NumericSample) =>
    categorical(countValues(reference), countValues(current)),
});

/** A distance of shares: of bins, where a column has many numbers. */
const binned = (distance: (shares: Shares) => number, bins = numericShares) => ({
  categorical: (reference: CountedSample, current: CountedSample) =>
    distance(countedShares(reference, current)),
  numeric: (reference: NumericSample, current: NumericSample) => distance(bins(reference, current)),
});

const pValue = { score: "p-value", threshold: 0.05 } as const;
const distance = { score: "distance", threshold: 0.1 } as const;

/** By the short names that monitoring tools have for them. */
export const driftTests = {
  ks: { title: "Kolmogorov-Smirnov", ...pValue, numeric: kolmogorovSmirnov },
  chisquare: { title: "chi-square", ...pValue, ...counted(chiSquare) },
  z: { title: "z test", ...pValue, ...counted(proportions) },
  wasserstein: { title: "Wasserstein", ...distance, numeric: wasserstein },
  jensenshannon: { title: "Jensen-Shannon", ...distance, ...binned(jensenShannon) },
  kl_div: { title: "Kullback-Leibler", ...distance, ...binned(kullbackLeibler) },
  psi: { title: "population stability index", ...distance, ...binned(populationStability) },
  hellinger: { title: "Hellinger", ...distance, ...binned(hellinger, hellingerShares) },
  ed: { title: "energy distance", ...distance, numeric: energy },
  t_test: { title: "t test", ...pValue, numeric: tTest },
  mannw: { title: "Mann-Whitney", ...pValue, numeric: mannWhitney },
  es: { title: "Epps-Singleton", ...pValue, numeric: eppsSingleton },
  cramer_von_mises: { title: "Cramér-von Mises", ...pValue, threshold: 0.1, numeric: cramerVonMises },
  anderson: { title: "Anderson-Darling", ...pValue, threshold: 0.1, numeric: andersonDarling },
} as const satisfies Record<string, DriftTest>;

export type DriftMethod = keyof typeof driftTests;

/** Up to so many rows a p-value says something; of more rows it finds every small difference. */
const mostTestedRows = 1000;
/** Numbers that have no more different values are tested as categories. */
export const mostNumericCategories = 5;

/**
 * The test of a column for which none was chosen. Up to 1,000 rows: Kolmogorov-Smirnov, or chi-square
 * for categories and numbers of at most 5 values, z for at most 2. Above: Wasserstein or Jensen-Shannon.
 *
 * @param rows of the side that decides, without missing values
 * @param distinct different values in both samples, counted up to 6
 */
export function defaultMethod(type: ColumnType, rows: number, distinct: number): DriftMethod {
  const isNumeric = type === "numeric" && distinct > mostNumericCategories;
  if (rows > mostTestedRows) return isNumeric ? "wasserstein" : "jensenshannon";
  if (isNumeric) return "ks";
  return distinct > 2 ? "chisquare" : "z";
}
