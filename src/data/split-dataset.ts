import { DataError } from "./data-error.ts";
import { seededRandom } from "./random.ts";

/** What part of the rows goes where; together 1. */
export interface SplitShares {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Rows for fitting, for choosing and for judging; each part in the order of the rows it came from. */
export interface Split<Row> {
  readonly train: Row[];
  readonly validation: Row[];
  readonly test: Row[];
}

const PARTS = ["train", "validation", "test"] as const;

/**
 * Divides rows at random, the same way for the same seed. With `stratifyBy` (the label, say) each part holds the
 * values in the proportions of the whole, within a row or two of each value.
 *
 * @throws {DataError} when the shares are not between 0 and 1 or do not add up to 1
 */
export function splitDataset<Row>(
  rows: readonly Row[],
  shares: SplitShares,
  { seed, stratifyBy = () => undefined }: { seed: number; stratifyBy?: (row: Row) => unknown },
): Split<Row> {
  checkShares(shares);
  const strata = Map.groupBy(rows.keys(), (index) => stratifyBy(rows[index]!));
  const random = seededRandom(seed, "split");
  const ordered = [...strata.values()].flatMap((indexes) => random.shuffle(indexes));

  const parts = new Array<(typeof PARTS)[number]>(rows.length);
  const filled = { train: 0, validation: 0, test: 0 };
  ordered.forEach((index, i) => {
    // Whichever part is furthest behind its share so far takes the row, so every stretch is divided alike.
    const behind = (part: (typeof PARTS)[number]) => shares[part] * (i + 1) - filled[part];
    const part = PARTS.reduce((best, other) => (behind(other) > behind(best) ? other : best));
    parts[index] = part;
    filled[part]++;
  });
  const rowsOf = (part: (typeof PARTS)[number]) => rows.filter((_, i) => parts[i] === part);
  return { train: rowsOf("train"), validation: rowsOf("validation"), test: rowsOf("test") };
}

function checkShares(shares: SplitShares): void {
  const total = PARTS.reduce((sum, part) => sum + shares[part], 0);
  const wrong = PARTS.find((part) => !(shares[part] >= 0 && shares[part] <= 1));
  if (wrong !== undefined)
    throw new DataError("invalid_option", wrong, `${wrong} must be between 0 and 1, got ${shares[wrong]}`);
  if (Math.abs(total - 1) > 1e-9)
    throw new DataError(
      "invalid_option",
      "shares",
      `train, validation and test must add up to 1, got ${PARTS.map((part) => shares[part]).join(" + ")} = ${total}`,
    );
}
