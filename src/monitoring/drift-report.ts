/** Drift of a table: of each of its columns, and of the whole. */
import { type ColumnDrift, columnDrift } from "./column-drift.ts";
import { type DriftMethod, driftTests } from "./drift-tests.ts";
import { MonitoringError } from "./monitoring-error.ts";
import { type ColumnType, columnType, type Table } from "./table.ts";

export interface DriftOptions {
  /** These columns; all of the reference unless given. */
  readonly columns?: readonly string[];
  /** For columns of a type, or by the name of a column, which goes first. */
  readonly methods?: Readonly<Partial<Record<string, DriftMethod>>>;
  /** For all columns, or by their type or name. */
  readonly thresholds?: number | Readonly<Partial<Record<string, number>>>;
  /** From this share of drifted columns on the whole has drifted. */
  readonly driftShare?: number;
  /** Whose size decides on the test of a column for which none was chosen: `smaller` is the smaller of both sides. */
  readonly testsBy?: "reference" | "smaller";
  /** Of fewer values in the current data no column is said to have drifted. */
  readonly fewestRows?: number;
}

/**
 * Of fewer values a test tells too little: a chi-square test wants five expected in each category (Cochran 1954), and the
 * distribution functions of 30 values differ by a quarter (1.36 / sqrt(30)) before Kolmogorov-Smirnov sees it.
 */
export const fewestTestedRows = 30;

export interface DriftReport {
  readonly rows: { readonly reference: number; readonly current: number };
  /** Whether the current data has as many rows as it must have to be judged. */
  readonly isJudged: boolean;
  readonly fewestRows: number;
  readonly columns: readonly ColumnDrift[];
  readonly driftedColumns: number;
  /** Of the columns that have drifted. */
  readonly share: number;
  readonly driftShare: number;
  readonly datasetDrift: boolean;
}

/**
 * Compares current data with reference data, column by column.
 * @throws {MonitoringError} for a column that is missing, empty, or of another type; for an option that is impossible
 */
export function driftReport(
  reference: Table,
  current: Table,
  {
    columns: names = Object.keys(reference),
    methods = {},
    thresholds = {},
    driftShare = 0.5,
    testsBy = "reference",
    fewestRows = 1,
  }: DriftOptions = {},
): DriftReport {
  if (!(driftShare > 0 && driftShare <= 1))
    throw new MonitoringError(
      "invalid_option",
      `driftShare must be above 0 and at most 1, got ${driftShare}`,
    );
  if (names.length === 0) throw new MonitoringError("invalid_option", "there are no columns to compare");
  const columns = names.map((name) => {
    const [before, now] = [columnIn(reference, name, "reference"), columnIn(current, name, "current data")];
    const type = columnType(before);
    const column = columnDrift(name, before, now, {
      testsBy,
      method: knownMethod(chosen(methods, name, type)),
      threshold: typeof thresholds === "number" ? thresholds : chosen(thresholds, name, type),
    });
    return { ...column, drifted: column.drifted && column.current.count >= fewestRows };
  });
  const driftedColumns = columns.filter(({ drifted }) => drifted).length;
  const share = driftedColumns / columns.length;
  const rows = { reference: rowsOf(reference), current: rowsOf(current) };
  return {
    rows,
    isJudged: rows.current >= fewestRows,
    fewestRows,
    columns,
    driftedColumns,
    share,
    driftShare,
    datasetDrift: share >= driftShare,
  };
}

const rowsOf = (table: Table): number => Object.values(table)[0]?.length ?? 0;

const chosen = <T>(options: Readonly<Partial<Record<string, T>>>, name: string, type: ColumnType) =>
  options[name] ?? options[type];

function columnIn(table: Table, name: string, side: string) {
  const column = Object.hasOwn(table, name) ? table[name] : undefined;
  if (column) return column;
  throw new MonitoringError(
    "missing_column",
    `the ${side} must have the column ${name}; it has ${Object.keys(table).join(", ") || "none"}`,
    { column: name },
  );
}

function knownMethod(method: DriftMethod | undefined): DriftMethod | undefined {
  if (method === undefined || Object.hasOwn(driftTests, method)) return method;
  throw new MonitoringError(
    "unknown_method",
    `there is no drift test "${String(method)}"; there are ${Object.keys(driftTests).join(", ")}`,
  );
}
