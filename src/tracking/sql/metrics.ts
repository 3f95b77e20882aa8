import { sql } from "kysely";
import type { Metric } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database } from "./engine.ts";
import { checkInteger, checkName } from "./limits.ts";
import { inParts } from "./rows.ts";
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

/** Writes the values and, of each key, the latest. */
export async function insertMetrics(db: Database, runId: string, metrics: readonly Metric[]): Promise<void> {
  const latest = new Map<string, Metric>();
  for (const metric of metrics) {
    const other = latest.get(metric.key);
    if (!other || isLater(metric, other)) latest.set(metric.key, metric);
  }
  for (const part of inParts(metrics)) {
    await db
      .insertInto("metrics")
      .values(part.map((metric) => toRow(runId, metric)))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  for (const part of inParts([...latest.values()])) {
    await db
      .insertInto("latest_metrics")
      .values(part.map((metric) => toRow(runId, metric)))
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
      )
      .execute();
  }
}

export function toMetric({ key, value, is_nan, timestamp, step }: MetricRow): Metric {
  return { key, value: is_nan ? Number.NaN : value, timestamp, step };
}

export function toRow(runId: string, { key, value, timestamp, step }: Metric): MetricRow {
  const missing = Number.isNaN(value);
  return { run_uuid: runId, key, value: missing ? 0 : value, is_nan: missing ? 1 : 0, timestamp, step };
}

/** As the database compares: NaN counts as 0, because that is what is stored. */
function isLater(a: Metric, b: Metric): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return (a.value || 0) > (b.value || 0);
}
