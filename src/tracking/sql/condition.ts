// One comparison of a filter as a condition of SQL.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Comparison } from "../search/filter.ts";
import { StoreError } from "../store-error.ts";
import type { Engine } from "./engine.ts";
import { type Place, placeOf, type Searchable } from "./searchable.ts";

/** Identity of the thing as a row value: `(name, version)`. */
const identityOf = ({ identity }: Searchable) =>
  sql`(${sql.join(identity.map(({ column }) => sql.ref(column)))})`;

/** @throws {StoreError} `invalid` when the name is unknown or cannot be compared like this */
export function condition(
  engine: Engine,
  searchable: Searchable,
  comparison: Comparison,
): Expression<SqlBool> {
  const place = placeOf(searchable, "filter", comparison);
  checkOperands(place, comparison);
  if (place.kind === "keyed") return keyedCondition(engine, searchable, place, comparison);
  const matches = compare(engine, place.value, comparison);
  if (place.kind === "attribute") return matches;
  return sql`${identityOf(searchable)} in (select run_uuid from run_datasets where ${matches})`;
}

function keyedCondition(
  engine: Engine,
  searchable: Searchable,
  { table, key, type, absent = {}, onlyWhere }: Extract<Place, { kind: "keyed" }>,
  comparison: Comparison,
): Expression<SqlBool> {
  const identity = identityOf(searchable);
  const columns = sql.join(searchable.identity.map(({ column }) => sql.ref(column)));
  const seen = onlyWhere ? sql`and ${onlyWhere}` : sql``;
  const withKey = sql`select ${columns} from ${sql.table(table)} where key = ${key} ${seen}`;
  const { comparator } = comparison;
  if (comparator === "IS NULL") return sql`${identity} not in (${withKey})`;
  if (comparator === "IS NOT NULL") return sql`${identity} in (${withKey})`;

  const matches = compare(engine, sql.ref("value"), comparison);
  if (type === "number") {
    // NaN, stored as 0, differs from every number and is neither above nor below any.
    const withNaN = comparator === "!=" ? sql`(is_nan = 1 or ${matches})` : sql`(is_nan = 0 and ${matches})`;
    return sql`${identity} in (${withKey} and ${withNaN})`;
  }
  const found = sql<SqlBool>`${identity} in (${withKey} and ${matches})`;
  if (!Object.hasOwn(absent, key)) return found;
  const absentMatches = compare(engine, sql`${absent[key]}`, comparison);
  return sql`(${found} or ${identity} not in (${withKey}) and ${absentMatches})`;
}

/** Values are bound; of the text only operators from the grammar's own list become SQL. */
function compare(engine: Engine, column: RawBuilder<unknown>, comparison: Comparison): Expression<SqlBool> {
  switch (comparison.comparator) {
    case "IN":
    case "NOT IN":
      return sql`${column} ${sql.raw(comparison.comparator)} (${sql.join(comparison.values)})`;
    case "IS NULL":
    case "IS NOT NULL":
      return sql`${column} ${sql.raw(comparison.comparator)}`;
    case "LIKE":
      return engine.like(column as RawBuilder<string>, String(comparison.value));
    case "ILIKE":
      return engine.ilike(column as RawBuilder<string>, String(comparison.value));
    default:
      return sql`${column} ${sql.raw(comparison.comparator)} ${comparison.value}`;
  }
}

function checkOperands(place: Place, comparison: Comparison): void {
  const name = `${comparison.entity}.${comparison.key}`;
  const refuse = (expected: string, got: string) => {
    throw new StoreError("invalid", "filter", `filter: ${name} is compared with ${expected}, got ${got}`, {
      expected,
      got,
    });
  };
  const { comparator } = comparison;
  if (place.type === "number") {
    if (!("value" in comparison)) {
      if ("values" in comparison) refuse("a number by = != > >= < <=", comparator);
    } else if (typeof comparison.value !== "number") refuse("a number", JSON.stringify(comparison.value));
    else if (comparator === "LIKE" || comparator === "ILIKE")
      refuse("a number by = != > >= < <=", comparator);
    return;
  }
  if ([">", ">=", "<", "<="].includes(comparator)) refuse("text by = != LIKE ILIKE IN", comparator);
  if ("value" in comparison && typeof comparison.value === "number")
    refuse("text in quotes", String(comparison.value));
}
