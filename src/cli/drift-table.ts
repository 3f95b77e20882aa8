/** A drift report as an aligned table of text. */
import type { ColumnDrift, ColumnSummary, DriftReport } from "../monitoring/index.ts";

const header = ["column", "reference", "current", "test", "score", "drift", ""];
/** Numbers are read from their right end. */
const isRight = [false, true, true, false, true, false, false];

/** A line a column: a mean, or how often the reference's most frequent category occurs; the score and its limit. */
export function driftTable({ columns }: DriftReport): string {
  const rows = [header, ...columns.map(cellsOf)];
  const widths = header.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (isRight[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function cellsOf(column: ColumnDrift): string[] {
  const { name, title, scoreType, score, threshold, drifted } = column;
  return [
    name,
    describeSide(column, "reference"),
    describeSide(column, "current"),
    title,
    shortNumber(score),
    scoreType === "p-value" ? `p < ${threshold}` : `>= ${threshold}`,
    drifted ? "drifted" : "",
  ];
}

/** `98.3` of numbers, `toxic 83 %` of categories. */
export function describeSide({ histogram, ...column }: ColumnDrift, side: "reference" | "current"): string {
  const { numbers, count }: ColumnSummary = column[side];
  if (numbers) return shortNumber(numbers.mean);
  const { categories = [], reference } = histogram;
  const most = reference.indexOf(Math.max(...reference));
  return `${categories[most]} ${Math.round((100 * histogram[side][most]!) / count)} %`;
}

/** Three digits are enough for a person. */
export const shortNumber = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
