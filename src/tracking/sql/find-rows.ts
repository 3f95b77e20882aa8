// Ways to the rows of a page: to sort what is left when one condition is met, or to go along an index in the order that is
// asked for until the page is full. Which is the shortest depends on how many things meet each condition, so that is asked.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { PageEnd } from "../search/page-token.ts";
import type { Condition, Entries } from "./condition.ts";
import type { Database } from "./engine.ts";
import type { Level } from "./order-terms.ts";
import type { Searchable } from "./searchable.ts";
import { all, countUpTo, type FoundRow, sortRows } from "./sort-rows.ts";
import { walkRows } from "./walk-rows.ts";

export interface RowSearch {
  readonly searchable: Searchable;
  /** Conditions beside the filter. */
  readonly scope: readonly Expression<SqlBool>[];
  /** The same, for the way along an index. */
  readonly walking?: readonly Expression<SqlBool>[];
  readonly conditions: readonly Condition[];
  readonly order: readonly Level[];
  /** Rows begin after the one that has these terms. */
  readonly end?: PageEnd | undefined;
  readonly limit: number;
  /** So many things are looked up and sorted, whatever else there is. Found out by measuring unless given. */
  readonly few?: number;
}

/** Beyond that, numbers of things are not told apart. */
const mostCounted = 100_000;

export async function findRows(db: Database, search: RowSearch): Promise<FoundRow[]> {
  const {
    searchable,
    scope,
    walking = scope,
    conditions,
    order,
    limit,
    end,
    few = Math.ceil(Math.sqrt(limit * mostCounted)),
  } = search;
  const own = [...scope, ...conditions.filter(({ isOwn }) => isOwn).map(({ check }) => check)];
  const checks = [...scope, ...conditions.map(({ check }) => check)];
  const entries = conditions.flatMap((condition) => condition.entries ?? []);
  const part = { searchable, scope, checks, entries, order, place: 0, end, limit };
  const rows = (conditions: readonly Expression<SqlBool>[]) =>
    sql`select 1 from ${sql.table(searchable.table)} where ${all(conditions)}`;
  const total = await countUpTo(db, rows(scope), mostCounted);
  const ways: Way[] = [
    { count: own.length > scope.length ? await countUpTo(db, rows(own), mostCounted) : total },
  ];
  for (const ofKey of Map.groupBy(entries, ({ table, key }) => `${table} ${key}`).values()) {
    const things = thingsWith(searchable, ofKey);
    ways.push({ things, count: await countUpTo(db, things, mostCounted) });
  }
  const shortest = ways.reduce((one, other) => (other.count < one.count ? other : one));
  // So many are passed on the way along an index until the page is full, if the conditions have nothing to do with each other.
  const known = ways.reduce((product, { count }) => product * Math.min(1, count / Math.max(1, total)), 1);
  const share = known * (await sampledShare(db, search, few));
  return shortest.count <= few || shortest.count < limit / share
    ? sortRows(db, part, shortest.things)
    : walkRows(db, { ...part, scope: walking, checks: [...walking, ...checks.slice(scope.length)] }, few);
}

/** Which share of some things meets what no index can be asked for: a part of a text. */
async function sampledShare(
  db: Database,
  { searchable, scope, conditions }: RowSearch,
  few: number,
): Promise<number> {
  const unknown = conditions.filter(({ isUnindexed }) => isUnindexed).map(({ check }) => check);
  if (unknown.length === 0) return 1;
  const some = sql`select * from ${sql.table(searchable.table)} where ${all(scope)} limit ${few}`;
  const met = sql`select 1 from (${some}) as ${sql.table(searchable.table)} where ${all(unknown)}`;
  return Math.max(await countUpTo(db, met, few), 0.1) / few;
}

/** Where a search can begin: with all in the scope that meet what looks at their own rows, or with what a key leaves. */
interface Way {
  readonly things?: RawBuilder<unknown>;
  readonly count: number;
}

/** `select` of the things that have under one key what several conditions ask for. */
function thingsWith({ identity }: Searchable, ofKey: readonly Entries[]): RawBuilder<unknown> {
  const [{ table, key }] = ofKey as [Entries];
  const columns = identity.map(({ column }) => sql.ref(`kept.${column}`));
  return sql`select ${sql.join(columns)} from ${sql.table(table)} as kept
    where kept.key = ${key} and ${all(ofKey.map(({ where }) => where("kept")))}`;
}
