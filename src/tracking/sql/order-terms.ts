import { type RawBuilder, sql } from "kysely";
import type { OrderBy } from "../search/order-by.ts";
import type { Engine } from "./engine.ts";
import { type OrderIndex, orderIndex } from "./order-index.ts";
import { type IndexedScope, type Place, placeOf, type Searchable } from "./searchable.ts";

/** One thing that rows are ordered by; never NULL, so that the end of a page can be compared with it. */
export interface Term {
  readonly value: RawBuilder<unknown>;
  readonly descending: boolean;
}

/** What was asked for by one name: a value, and before it a rank where things may have none. */
export interface Level {
  readonly terms: readonly [Term] | readonly [rank: Term, value: Term];
  /** Already in the order of this level, where there is one. */
  readonly index?: OrderIndex | undefined;
}

/**
 * The levels of an order, ended by the identity of the thing, so that no two rows are equal.
 *
 * @param scope of what the indexes of its own table begin with; missing where they begin with nothing of the kind
 * @throws {StoreError} `invalid` for a name that these things do not have
 */
export function orderLevels(
  engine: Engine,
  searchable: Searchable,
  asked: readonly OrderBy[],
  scope: IndexedScope | undefined,
): Level[] {
  const { defaultOrder, endsInDefaultOrder, identity, table } = searchable;
  const last = asked.length === 0 || endsInDefaultOrder ? defaultOrder : [];
  const isAsked = (key: string) => asked.some((order) => order.entity === "attribute" && order.key === key);
  const further = last.filter(({ key }) => !isAsked(key));
  const all = [...asked, ...further.map((order) => ({ entity: "attribute" as const, ...order }))];
  const levels = all.map((order, i): Level => {
    const place = placeOf(searchable, "order", order);
    return {
      terms: termsOf(engine, searchable, place, order.descending, i),
      index: orderIndex(engine, searchable, place, scope),
    };
  });
  const own = identity.map(({ column, descending = false }): Level => {
    return { terms: [{ value: sql.ref(`${table}.${column}`), descending }] };
  });
  return [...levels, ...own];
}

/** What has no value comes last whatever the direction, and before it NaN: so a rank, then the value. */
function termsOf(
  engine: Engine,
  searchable: Searchable,
  place: Place,
  descending: boolean,
  index: number,
): Level["terms"] {
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
