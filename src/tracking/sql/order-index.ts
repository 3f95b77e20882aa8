// Indexes that lie in the order of something, so that a search can go along them and stop at the end of its page.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Engine } from "./engine.ts";
import type { IndexedScope, Place, Searchable } from "./searchable.ts";
import type { Tables } from "./tables.ts";

export interface OrderIndex {
  /** Whose values are in it; missing where it is of the thing's own table. */
  readonly keyed?: { readonly table: keyof Tables; readonly key: string };
  /** `FROM` of its entries; each names a thing by the columns of its identity. */
  readonly from: RawBuilder<unknown>;
  /** The name of that table. */
  readonly name: string;
  /** Which entries there are a value of. */
  readonly where: Expression<SqlBool>;
  /** What the entries lie in the order of: the value, or its beginning. */
  readonly entry: RawBuilder<unknown>;
  readonly value: RawBuilder<unknown>;
  /** What would be the entry of a value. */
  entryOf(value: string | number): string | number;
  /** Whether an entry says all of its value. */
  isWhole(entry: string | number): boolean;
  /** Holds for a thing that has this value. */
  has(value: string | number): Expression<SqlBool>;
  /** Things without a value, by their rank in the order. They are all alike. */
  readonly without: readonly Without[];
  /** What stands in the order for their value. */
  readonly nothing: 0 | "";
}

export interface Without {
  readonly rank: 1 | 2;
  readonly check: Expression<SqlBool>;
  /** `select` of them, where an index leads there. */
  readonly things?: RawBuilder<unknown>;
}

/** Long texts are indexed by their beginning: Postgres takes no more than 2,700 bytes into an index. */
const indexedCharacters = 100;

export const indexedBeginning = (text: string): string => [...text].slice(0, indexedCharacters).join("");

export const beginningOf = (column: string): RawBuilder<unknown> =>
  sql`substr(${sql.ref(column)}, 1, ${sql.lit(indexedCharacters)})`;

/** The index in the order of a place, where there is one. @param scope which indexes of the thing's own table serve */
export function orderIndex(
  engine: Engine,
  searchable: Searchable,
  place: Place,
  scope: IndexedScope | undefined,
): OrderIndex | undefined {
  if (place.kind === "keyed")
    return place.isIndexedByValue ? keyedIndex(engine, searchable, place) : undefined;
  if (place.kind !== "attribute" || !scope || !place.isIndexed) return undefined;
  const serves = scope === "one" || place.isIndexed === "several";
  return serves ? ownIndex(engine, searchable, place) : undefined;
}

function keyedIndex(
  engine: Engine,
  searchable: Searchable,
  { table, key, type }: Extract<Place, { kind: "keyed" }>,
): OrderIndex {
  const isText = type === "text";
  const same = sql.join(
    searchable.identity.map(
      ({ column }) => sql`of_key.${sql.ref(column)} = ${sql.ref(`${searchable.table}.${column}`)}`,
    ),
    sql` and `,
  );
  const ofThing = sql`${sql.table(table)} as of_key where of_key.key = ${key} and ${same}`;
  const identity = sql.join(searchable.identity.map(({ column }) => sql.ref(`of_key.${column}`)));
  const notANumber: Without = {
    rank: 1,
    check: sql`exists (select 1 from ${ofThing} and of_key.is_nan = 1)`,
    things: sql`select ${identity} from ${sql.table(table)} as of_key where of_key.key = ${key} and of_key.is_nan = 1`,
  };
  const value = sql.ref("walked.value");
  return {
    keyed: { table, key },
    name: "walked",
    from: sql`${sql.table(table)} as walked`,
    where: sql`walked.key = ${key} ${isText ? sql`` : sql`and walked.is_nan = 0`}`,
    value: isText ? engine.byCodePoint(value) : value,
    entry: isText ? engine.byCodePoint(beginningOf("walked.value")) : value,
    entryOf: (value) => (typeof value === "string" ? indexedBeginning(value) : value),
    isWhole: (entry) => typeof entry === "number" || entry.length < indexedCharacters,
    has: (value) =>
      sql`exists (select 1 from ${ofThing} and of_key.value = ${value} ${isText ? sql`` : sql`and of_key.is_nan = 0`})`,
    nothing: isText ? "" : 0,
    without: [
      ...(isText ? [] : [notANumber]),
      { rank: 2, check: sql`not exists (select 1 from ${ofThing})` },
    ],
  };
}

function ownIndex(
  engine: Engine,
  { table }: Searchable,
  { value, type, nullable }: Extract<Place, { kind: "attribute" | "dataset" }>,
): OrderIndex {
  const ordered = type === "text" ? engine.byCodePoint(value) : value;
  return {
    name: table,
    from: sql.table(table),
    where: nullable ? sql`${value} is not null` : sql`1 = 1`,
    value: ordered,
    entry: ordered,
    entryOf: (value) => value,
    isWhole: () => true,
    has: (wanted) => sql`${value} = ${wanted}`,
    nothing: type === "text" ? "" : 0,
    without: nullable ? [{ rank: 2, check: sql`${value} is null` }] : [],
  };
}
