import { sql } from "kysely";
import { z } from "zod";
import { parsePageToken, printPageToken } from "../search/page-token.ts";
import type { Metric, MetricSample, Page, RunMetric } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database } from "./engine.ts";
import { toMetric } from "./metrics.ts";
import type { MetricRow } from "./tables.ts";

/** Every value of a metric, ordered by time, then step. */
export async function metricHistory(db: Database, runId: string, key: string): Promise<Metric[]> {
  const rows = await ofMetric(db, runId, key)
    .orderBy("timestamp")
    .orderBy("step")
    .orderBy("value")
    .orderBy("is_nan")
    .execute();
  return rows.map(toMetric);
}

const largestPage = 50_000;
/** Time, step, value and whether it is NaN of the last row of a page: together they are one row of a metric. */
const endSchema = z
  .array(z.custom<number>((value) => typeof value === "number" && !Number.isNaN(value)))
  .length(4);

/** @throws {StoreError} `invalid` for a page size or token that cannot be */
export async function metricHistoryPage(
  db: Database,
  runId: string,
  key: string,
  { maxResults, pageToken }: { maxResults: number; pageToken?: string },
): Promise<Page<Metric>> {
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > largestPage) {
    const message = `a page holds 1 to ${largestPage} values of a metric, got ${maxResults}`;
    throw new StoreError("invalid", "maxResults", message);
  }
  const search = ["history", runId, key];
  let query = ofMetric(db, runId, key);
  if (pageToken) {
    const end = endSchema.safeParse(parsePageToken(search, 4, pageToken));
    if (!end.success)
      throw new StoreError("invalid", "page token", "the page token is none of this server's");
    const [timestamp, step, value, isNan] = end.data;
    query = query.where(
      sql<boolean>`(timestamp, step, value, is_nan) > (${timestamp}, ${step}, ${value}, ${isNan})`,
    );
  }
  const rows = await query
    .orderBy("timestamp")
    .orderBy("step")
    .orderBy("value")
    .orderBy("is_nan")
    .limit(maxResults + 1)
    .execute();
  const page = rows.slice(0, maxResults);
  const last = page.at(-1);
  if (rows.length <= maxResults || !last) return { items: page.map(toMetric) };
  const end = [last.timestamp, last.step, last.value, last.is_nan];
  return { items: page.map(toMetric), nextPageToken: printPageToken(search, end) };
}

/**
 * At most `maxResults` values of a metric, evenly taken from those in the order of steps: the last alone, or the first,
 * the last and those between. The database counts them off, so that no more than these are read.
 */
export async function sampleMetric(
  db: Database,
  runId: string,
  key: string,
  { maxResults, steps }: MetricSample,
): Promise<RunMetric[]> {
  const inRange = steps ? sql`and step between ${steps.first} and ${steps.last}` : sql``;
  const { rows: counted } = await sql<{ total: number }>`
    select count(*) as total from metrics where run_uuid = ${runId} and key = ${key} ${inRange}`.execute(db);
  const total = Number(counted[0]?.total ?? 0);
  // Said to be whole, since SQLite would take a bound number for a fraction and divide without rounding.
  const whole = (value: number) => sql`cast(${value} as bigint)`;
  const [gaps, last] = [whole(maxResults - 1), whole(total - 1)];
  // The i-th of the sample is row i * last / gaps: those rows where that quotient, rounded down, changes.
  const chosen =
    total <= maxResults
      ? sql`1 = 1`
      : maxResults === 1
        ? sql`place = ${last}`
        : sql`place = 0 or (place * ${gaps}) / ${last} > ((place - 1) * ${gaps}) / ${last}`;
  const { rows } = await sql<MetricRow>`
    select * from (
      select metrics.*, row_number() over (order by step, timestamp, value, is_nan) - 1 as place
      from metrics where run_uuid = ${runId} and key = ${key} ${inRange}
    ) as numbered
    where ${chosen}
    order by place`.execute(db);
  return rows.map((row) => ({ runId, ...toMetric(row) }));
}

const ofMetric = (db: Database, runId: string, key: string) =>
  db.selectFrom("metrics").selectAll().where("run_uuid", "=", runId).where("key", "=", key);
