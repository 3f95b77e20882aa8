import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { PageEnd } from "../search/page-token.ts";
import type { Entries } from "./condition.ts";
import type { Database } from "./engine.ts";
import type { Level, Term } from "./order-terms.ts";
import type { Searchable } from "./searchable.ts";

/** The rows of a page, or of a part of one: of things that have the same in all levels of the order before this one. */
export interface PagePart {
  readonly searchable: Searchable;
  /** What a thing must meet. */
  readonly checks: readonly Expression<SqlBool>[];
  /** Those of them that stand beside the filter: own indexes begin with them. */
  readonly scope: readonly Expression<SqlBool>[];
  /** What they say of values under keys. */
  readonly entries: readonly Entries[];
  /** Levels in which they differ. */
  readonly order: readonly Level[];
  /** Number of the first term of these levels. */
  readonly place: number;
  /** Rows begin after the one that has these terms. */
  readonly end?: PageEnd | undefined;
  readonly limit: number;
}

/** The identity of a thing, and under `term_0`, `term_1`, ... its place in the order. */
export type FoundRow = Record<string, string | number>;

/** Looks at everything that meets the checks, or at what of `things` does, and sorts it. */
export async function sortRows(
  db: Database,
  { searchable, checks, order, place, end, limit }: PagePart,
  things?: RawBuilder<unknown>,
): Promise<FoundRow[]> {
  const terms = order.flatMap((level): readonly Term[] => level.terms);
  const columns = terms.map(({ value }, i) => sql`${value} as ${termName(place + i)}`);
  const named = terms.map(({ descending }, i) => ({ value: termName(place + i), descending }));
  // Cross joins are done in the order in which they stand: SQLite would guess, and guess wrong.
  const from = things
    ? sql`(${things}) as chosen cross join ${sql.table(searchable.table)}`
    : sql.table(searchable.table);
  const where = all([...(things ? same("chosen", searchable) : []), ...checks]);
  const { rows } = await sql<FoundRow>`
    select * from (
      select ${identity(searchable, searchable.table)}, ${sql.join(columns)} from ${from} where ${where}
    ) as found
    where ${end ? afterEnd(named, end) : sql`1 = 1`}
    order by ${orderBy(named)}
    limit ${limit}`.execute(db);
  return rows;
}

export async function countUpTo(db: Database, things: RawBuilder<unknown>, most: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (${things} limit ${most}) as counted`.execute(db);
  return rows[0]?.count ?? 0;
}

export const isFew = async (db: Database, things: RawBuilder<unknown>, few: number): Promise<boolean> =>
  (await countUpTo(db, things, few + 1)) <= few;

export const all = (conditions: readonly Expression<SqlBool>[]): RawBuilder<SqlBool> =>
  conditions.length > 0 ? sql.join(conditions, sql` and `) : sql`1 = 1`;

export const identity = ({ identity }: Searchable, name: string): RawBuilder<unknown> =>
  sql.join(identity.map(({ column }) => sql.ref(`${name}.${column}`)));

/** That the rows of two tables are about the same thing. */
export const same = (name: string, { identity, table }: Searchable): Expression<SqlBool>[] =>
  identity.map(({ column }) => sql`${sql.ref(`${name}.${column}`)} = ${sql.ref(`${table}.${column}`)}`);

export const termName = (index: number): RawBuilder<unknown> => sql.ref(`term_${index}`);

export const orderBy = (terms: readonly Term[]): RawBuilder<unknown> =>
  sql.join(terms.map(({ value, descending }) => sql`${value} ${sql.raw(descending ? "desc" : "asc")}`));

/** (a, b) comes after (x, y): a beyond x, or a equal to x and b beyond y. Written out, since directions may differ. */
export function afterEnd(terms: readonly Term[], end: PageEnd): Expression<SqlBool> {
  const beyond = ({ descending }: Term) => sql.raw(descending ? "<" : ">");
  return terms.reduceRight<Expression<SqlBool>>(
    (rest, term, i) =>
      sql`(${term.value} ${beyond(term)} ${end[i]} or (${term.value} = ${end[i]} and ${rest}))`,
    sql`1 = 0`,
  );
}
