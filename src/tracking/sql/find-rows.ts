// Three ways to the rows of a page. Which is the shortest depends on how many things a filter leaves, so that is asked.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { PageEnd } from "../search/page-token.ts";
import type { Condition, Entries } from "./condition.ts";
import type { Database } from "./engine.ts";
import type { Level } from "./order-terms.ts";
import type { Searchable } from "./searchable.ts";
import { all, type FoundRow, isFew, sortRows } from "./sort-rows.ts";
import { walkRows } from "./walk-rows.ts";

export interface RowSearch {
  readonly searchable: Searchable;
  /** Conditions beside the filter. */
  readonly scope: readonly Expression<SqlBool>[];
  readonly conditions: readonly Condition[];
  readonly order: readonly Level[];
  /** Rows begin after the one that has these terms. */
  readonly end?: PageEnd | undefined;
  readonly limit: number;
  /** So many things are looked up and sorted, rather than to go along an index for the first that meet the filter. */
  readonly few?: number;
}

/**
 * Where `few` of 100,000 things meet a filter, `limit * 100,000 / few` are looked at along an index until a page is
 * full: at this number both ways are equally long (100 rows: 3,200 things, 20 ms in SQLite).
 */
const fewFor = (limit: number) => Math.ceil(Math.sqrt(limit * 100_000));

export async function findRows(db: Database, search: RowSearch): Promise<FoundRow[]> {
  const { searchable, scope, conditions, order, limit, end, few = fewFor(limit) } = search;
  const own = [...scope, ...conditions.filter(({ isOwn }) => isOwn).map(({ check }) => check)];
  const checks = [...scope, ...conditions.map(({ check }) => check)];
  const entries = conditions.flatMap((condition) => condition.entries ?? []);
  const part = { searchable, scope, checks, entries, order, place: 0, end, limit };
  if (await isFew(db, sql`select 1 from ${sql.table(searchable.table)} where ${all(own)}`, few))
    return sortRows(db, part);
  for (const ofKey of Map.groupBy(entries, ({ table, key }) => `${table} ${key}`).values()) {
    const things = thingsWith(searchable, ofKey);
    if (await isFew(db, things, few)) return sortRows(db, part, things);
  }
  return walkRows(db, part, few);
}

/** `select` of the things that have under one key what several conditions ask for. */
function thingsWith({ identity }: Searchable, ofKey: readonly Entries[]): RawBuilder<unknown> {
  const [{ table, key }] = ofKey as [Entries];
  const columns = identity.map(({ column }) => sql.ref(`kept.${column}`));
  return sql`select ${sql.join(columns)} from ${sql.table(table)} as kept
    where kept.key = ${key} and ${all(ofKey.map(({ where }) => where("kept")))}`;
}
