// One comparison of a filter as a condition of SQL.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Comparison } from "../search/filter.ts";
import { StoreError } from "../store-error.ts";
import type { Engine } from "./engine.ts";
import { type Place, placeOf, type Searchable } from "./searchable.ts";

export interface Condition {
  /** Holds for a row of the table that is searched. */
  readonly check: Expression<SqlBool>;
  /** `select` of the things that meet it, by what is written under their keys; missing where no index leads there. */
  readonly things?: RawBuilder<unknown>;
  /** Looks at nothing but the row itself. */
  readonly isOwn: boolean;
}

/** @throws {StoreError} `invalid` when the name is unknown or cannot be compared like this */
export function condition(engine: Engine, searchable: Searchable, comparison: Comparison): Condition {
  const place = placeOf(searchable, "filter", comparison);
  checkOperands(place, comparison);
  if (place.kind === "keyed")
    return { isOwn: false, ...keyedCondition(engine, searchable, place, comparison) };
  const matches = compare(engine, place.value, comparison);
  if (place.kind === "attribute") return { check: matches, isOwn: true };
  const check = sql<SqlBool>`runs.run_uuid in (select run_uuid from run_datasets where ${matches})`;
  return { check, isOwn: false };
}

function keyedCondition(
  engine: Engine,
  searchable: Searchable,
  { table, key, type, absent = {}, onlyWhere }: Extract<Place, { kind: "keyed" }>,
  comparison: Comparison,
): Omit<Condition, "isOwn"> {
  const columns = sql.join(searchable.identity.map(({ column }) => sql.ref(column)));
  const withKey = sql`${sql.table(table)} as kept where kept.key = ${key} ${onlyWhere ? sql`and ${onlyWhere}` : sql``}`;
  // A look into the primary key for each candidate: a list of all that match would be made in full for each search.
  const same = sql.join(
    searchable.identity.map(
      ({ column }) => sql`kept.${sql.ref(column)} = ${sql.ref(`${searchable.table}.${column}`)}`,
    ),
    sql` and `,
  );
  const { comparator } = comparison;
  if (comparator === "IS NULL") return { check: sql`not exists (select 1 from ${withKey} and ${same})` };
  if (comparator === "IS NOT NULL") return { check: sql`exists (select 1 from ${withKey} and ${same})` };

  const matches = compare(engine, sql.ref("kept.value"), comparison);
  if (type === "number") {
    // NaN, stored as 0, differs from every number and is neither above nor below any.
    const isNumber = (sign: RawBuilder<unknown>) =>
      sql`${sign}kept.is_nan = 0 and ${compare(engine, sql`${sign}kept.value`, comparison)}`;
    // The plus changes nothing but SQLite's mind: it would go along the index of values for each candidate.
    const ofCandidate = comparator === "!=" ? sql`(kept.is_nan = 1 or ${matches})` : isNumber(sql`+`);
    return {
      check: sql`exists (select 1 from ${withKey} and ${same} and ${ofCandidate})`,
      ...(comparator !== "!=" && { things: sql`select ${columns} from ${withKey} and ${isNumber(sql``)}` }),
    };
  }
  const check = sql<SqlBool>`exists (select 1 from ${withKey} and ${same} and ${matches})`;
  if (Object.hasOwn(absent, key)) {
    const absentMatches = compare(engine, sql`${absent[key]}`, comparison);
    return {
      check: sql`(${check} or not exists (select 1 from ${withKey} and ${same}) and ${absentMatches})`,
    };
  }
  if (comparator !== "=" || !("value" in comparison)) return { check };
  // Long texts are indexed by their beginning.
  const beginning = sql`substr(kept.value, 1, 100) = ${String(comparison.value).slice(0, 100)}`;
  return { check, things: sql`select ${columns} from ${withKey} and ${beginning} and ${matches}` };
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
