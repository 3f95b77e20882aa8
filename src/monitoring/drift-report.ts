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
}

export interface DriftReport {
  readonly rows: { readonly reference: number; readonly current: number };
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
    return columnDrift(name, before, now, {
      method: knownMethod(chosen(methods, name, type)),
      threshold: typeof thresholds === "number" ? thresholds : chosen(thresholds, name, type),
    });
  });
  const driftedColumns = columns.filter(({ drifted }) => drifted).length;
  const share = driftedColumns / columns.length;
  return {
    rows: { reference: rowsOf(reference), current: rowsOf(current) },
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
