import { type RawBuilder, sql } from "kysely";
import type { OrderBy } from "../search/order-by.ts";
import type { Engine } from "./engine.ts";
import { type Place, placeOf, type Searchable } from "./searchable.ts";
import type { Tables } from "./tables.ts";

/** One thing that rows are ordered by; never NULL, so that the end of a page can be compared with it. */
export interface Term {
  readonly value: RawBuilder<unknown>;
  readonly descending: boolean;
}

/** The terms of an order, and the index that already lies in the order of the first two, where there is one. */
export interface Order {
  readonly terms: readonly Term[];
  readonly walk?: { readonly table: keyof Tables; readonly key: string };
}

/**
 * The terms of an order, ended by the identity of the thing, so that no two rows are equal.
 *
 * @throws {StoreError} `invalid` for a name that these things do not have
 */
export function orderTerms(engine: Engine, searchable: Searchable, asked: readonly OrderBy[]): Order {
  const terms: Term[] = [];
  const orders = asked.length
    ? asked
    : searchable.defaultOrder.map((order) => ({ entity: "attribute" as const, ...order }));
  const places = orders.map((order) => placeOf(searchable, "order", order));
  for (const [index, { descending }] of orders.entries())
    terms.push(...termsOf(engine, searchable, places[index]!, descending, index));
  for (const { column, descending = false } of searchable.identity) {
    terms.push({ value: sql.ref(`${searchable.table}.${column}`), descending });
  }
  const [first] = places;
  return first?.kind === "keyed" && first.isIndexedByValue
    ? { terms, walk: { table: first.table, key: first.key } }
    : { terms };
}

/** What has no value comes last whatever the direction, and before it NaN: so a rank, then the value. */
function termsOf(
  engine: Engine,
  searchable: Searchable,
  place: Place,
  descending: boolean,
  index: number,
): Term[] {
  const ordered = (value: RawBuilder<unknown>) => (place.type === "text" ? engine.byCodePoint(value) : value);
  const nothing = place.type === "number" ? sql`0` : sql`''`;
  if (place.kind !== "keyed") {
    const column = place.value;
    if (!place.nullable) return [{ value: ordered(column), descending }];
    const rank = sql`case when ${column} is null then 2 else 0 end`;
    return [
      { value: rank, descending: false },
      { value: ordered(sql`coalesce(${column}, ${nothing})`), descending },
    ];
  }
  const same = searchable.identity.map(
    ({ column }) => sql`of_key.${sql.ref(column)} = ${sql.ref(`${searchable.table}.${column}`)}`,
  );
  const { newestBy = [], orderOnlyWhere: { [index]: onlyWhere } = [] } = place;
  const seen = onlyWhere ? sql`and ${onlyWhere}` : sql``;
  const newest = newestBy.map((column) => sql`of_key.${sql.ref(column)} desc`);
  const one = newest.length > 0 ? sql`order by ${sql.join(newest)} limit 1` : sql``;
  const lookup = (column: RawBuilder<unknown>) =>
    sql`(select ${column} from ${sql.table(place.table)} as of_key
      where ${sql.join(same, sql` and `)} and of_key.key = ${place.key} ${seen} ${one})`;
  const rank = place.type === "number" ? sql`of_key.is_nan` : sql`0`;
  return [
    { value: sql`coalesce(${lookup(rank)}, 2)`, descending: false },
    { value: ordered(sql`coalesce(${lookup(sql`of_key.value`)}, ${nothing})`), descending },
  ];
}
