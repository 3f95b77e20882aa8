import { sql } from "kysely";
import type { Metric } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database } from "./engine.ts";
import { checkInteger, checkName } from "./limits.ts";
import { preparedInsert } from "./prepared.ts";
import type { MetricRow } from "./tables.ts";

/** @throws {StoreError} `invalid` for a key, time or step that cannot be stored; any number is a value */
export function checkMetrics(metrics: readonly Metric[]): void {
  for (const { key, value, timestamp, step } of metrics) {
    checkName("metric", "key", key);
    if (typeof value !== "number")
      throw new StoreError("invalid", `metric ${key}`, `metric ${key} must be a number, got ${value}`);
    checkInteger(`timestamp of metric ${key}`, timestamp);
    checkInteger(`step of metric ${key}`, step);
  }
}

/** Writes the values of runs and, of each key, the latest. */
export async function insertMetrics(
  db: Database,
  batches: readonly { readonly runId: string; readonly metrics: readonly Metric[] }[],
): Promise<void> {
  const rows: MetricRow[] = [];
  const latest = new Map<string, MetricRow>();
  for (const { runId, metrics } of batches) {
    for (const metric of metrics) {
      const row = toRow(runId, metric);
      rows.push(row);
      // An id has 32 characters, whatever the key.
      const place = runId + metric.key;
      const other = latest.get(place);
      if (!other || isLater(row, other)) latest.set(place, row);
    }
  }
  await insertValues(db, rows);
  await insertLatest(db, [...latest.values()]);
}

const insertValues = preparedInsert<MetricRow>((db, rows) =>
  db
    .insertInto("metrics")
    .values(rows)
    .onConflict((conflict) => conflict.doNothing()),
);

const insertLatest = preparedInsert<MetricRow>((db, rows) =>
  db
    .insertInto("latest_metrics")
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(["run_uuid", "key"])
        .doUpdateSet((eb) => ({
          value: eb.ref("excluded.value"),
          is_nan: eb.ref("excluded.is_nan"),
          timestamp: eb.ref("excluded.timestamp"),
          step: eb.ref("excluded.step"),
        }))
        .where(
          sql<boolean>`(excluded.step, excluded.timestamp, excluded.value)
            > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)`,
        ),
    ),
);

export function toMetric({ key, value, is_nan, timestamp, step }: MetricRow): Metric {
  return { key, value: is_nan ? Number.NaN : value, timestamp, step };
}

export function toRow(runId: string, { key, value, timestamp, step }: Metric): MetricRow {
  const missing = Number.isNaN(value);
  return { run_uuid: runId, key, value: missing ? 0 : value, is_nan: missing ? 1 : 0, timestamp, step };
}

/** As the database compares: NaN counts as 0, because that is what is stored. */
function isLater(a: MetricRow, b: MetricRow): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return a.value > b.value;
}
