// Three ways to the rows of a page. Which is the shortest depends on how many things a filter leaves, so that is asked.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { PageEnd } from "../search/page-token.ts";
import type { Condition } from "./condition.ts";
import type { Database } from "./engine.ts";
import type { Order, Term } from "./order-terms.ts";
import type { Searchable } from "./searchable.ts";

export interface RowSearch {
  readonly searchable: Searchable;
  /** Conditions beside the filter. */
  readonly scope: readonly Expression<SqlBool>[];
  readonly conditions: readonly Condition[];
  readonly order: Order;
  /** Rows begin after the one that has these terms. */
  readonly end?: PageEnd | undefined;
  readonly limit: number;
  /** So many things are looked up and sorted in less time than a person notices (10,000: 50 ms in SQLite). */
  readonly few?: number;
}

/** The identity of a thing, and under `term_0`, `term_1`, ... its place in the order. */
export type FoundRow = Record<string, string | number>;

export async function findRows(db: Database, search: RowSearch): Promise<FoundRow[]> {
  const { searchable, scope, conditions, order, few = 10_000 } = search;
  const own = conditions.filter(({ isOwn }) => isOwn).map(({ check }) => check);
  const rows = sql`select 1 from ${sql.table(searchable.table)} where ${all([...scope, ...own])}`;
  if (await isFew(db, rows, few)) return sorted(db, search);
  for (const condition of conditions)
    if (condition.things && (await isFew(db, condition.things, few))) return sorted(db, search, condition);
  return order.walk ? walked(db, search, order.walk) : sorted(db, search);
}

async function isFew(db: Database, things: RawBuilder<unknown>, few: number): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (${things} limit ${few + 1}) as counted`.execute(db);
  return (rows[0]?.count ?? 0) <= few;
}

const all = (conditions: readonly Expression<SqlBool>[]) =>
  conditions.length > 0 ? sql.join(conditions, sql` and `) : sql`1 = 1`;

const identity = ({ identity, table }: Searchable) =>
  sql.join(identity.map(({ column }) => sql.ref(`${table}.${column}`)));

const same = (name: string, { identity, table }: Searchable): Expression<SqlBool>[] =>
  identity.map(({ column }) => sql`${sql.ref(`${name}.${column}`)} = ${sql.ref(`${table}.${column}`)}`);

/** Looks at everything in the scope, or at what one condition leaves, and sorts it. */
async function sorted(
  db: Database,
  { searchable, scope, conditions, order: { terms }, end, limit }: RowSearch,
  leading?: Condition,
): Promise<FoundRow[]> {
  const columns = terms.map(({ value }, i) => sql`${value} as ${termName(i)}`);
  const named = terms.map(({ descending }, i) => ({ value: termName(i), descending }));
  const others = conditions.filter((condition) => condition !== leading).map(({ check }) => check);
  // Cross joins are done in the order in which they stand: SQLite would guess, and guess wrong.
  const from = leading?.things
    ? sql`(${leading.things}) as leading cross join ${sql.table(searchable.table)}`
    : sql.table(searchable.table);
  const where = all([...(leading ? same("leading", searchable) : []), ...scope, ...others]);
  const { rows } = await sql<FoundRow>`
    select * from (
      select ${identity(searchable)}, ${sql.join(columns)} from ${from} where ${where}
    ) as found
    where ${end ? afterEnd(named, end) : sql`1 = 1`}
    order by ${orderBy(named)}
    limit ${limit}`.execute(db);
  return rows;
}

/**
 * Goes along the index that has the things in the order of a metric, and stops at the end of the page: first those
 * with a number, then those with NaN, last those without the metric. (Ranks 0, 1, 2 of `orderTerms`.)
 */
async function walked(
  db: Database,
  { searchable, scope, conditions, order: { terms }, end, limit }: RowSearch,
  { table, key }: NonNullable<Order["walk"]>,
): Promise<FoundRow[]> {
  const [, first, ...rest] = terms as [Term, Term, ...Term[]];
  const checks = [...scope, ...conditions.map(({ check }) => check)];
  const found: FoundRow[] = [];
  for (const rank of [0, 1, 2] as const) {
    if (found.length >= limit || (end && rank < Number(end[0]))) continue;
    const has = rank < 2;
    const value = has ? sql`walked.value` : sql`0`;
    const walking = [...(has ? [{ ...first, value }] : []), ...rest];
    const after = end && rank === end[0] ? [afterEnd(walking, end.slice(has ? 1 : 2))] : [];
    const columns = rest.map((term, i) => sql`${term.value} as ${termName(i + 2)}`);
    const ofKey = sql`${sql.table(table)} as walked where walked.key = ${key}`;
    const where = [...(has ? same("walked", searchable) : []), ...checks, ...after];
    const source = has
      ? sql`${sql.table(table)} as walked cross join ${sql.table(searchable.table)}
          where walked.key = ${key} and walked.is_nan = ${sql.lit(rank)} and ${all(where)}`
      : sql`${sql.table(searchable.table)}
          where not exists (select 1 from ${ofKey} and ${all(same("walked", searchable))}) and ${all(where)}`;
    const { rows } = await sql<FoundRow>`
      select ${identity(searchable)}, ${sql.lit(rank)} as term_0, ${value} as term_1, ${sql.join(columns)}
      from ${source}
      order by ${orderBy(walking)}
      limit ${limit - found.length}`.execute(db);
    found.push(...rows);
  }
  return found;
}

const termName = (index: number) => sql.ref(`term_${index}`);

const orderBy = (terms: readonly Term[]) =>
  sql.join(terms.map(({ value, descending }) => sql`${value} ${sql.raw(descending ? "desc" : "asc")}`));

/**
 * (a, b) comes after (x, y): a beyond x, or a equal to x and b beyond y. Written out, since directions may differ; that
 * a is not before x is said once more, alone, for the index.
 */
function afterEnd(terms: readonly Term[], end: PageEnd): Expression<SqlBool> {
  const beyond = ({ descending }: Term) => sql.raw(descending ? "<" : ">");
  const after = terms.reduceRight<Expression<SqlBool>>(
    (rest, term, i) =>
      sql`(${term.value} ${beyond(term)} ${end[i]} or (${term.value} = ${end[i]} and ${rest}))`,
    sql`1 = 0`,
  );
  const [first] = terms;
  return first ? sql`${first.value} ${beyond(first)}= ${end[0]} and ${after}` : after;
}
