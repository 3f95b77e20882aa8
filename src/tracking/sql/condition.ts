// One comparison of a filter as a condition of SQL.
import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { Comparison } from "../search/filter.ts";
import { StoreError } from "../store-error.ts";
import type { Engine } from "./engine.ts";
import { beginningOf, indexedBeginning } from "./order-index.ts";
import { type Place, placeOf, type Searchable } from "./searchable.ts";
import type { Tables } from "./tables.ts";

export interface Condition {
  /** Holds for a row of the table that is searched. */
  readonly check: Expression<SqlBool>;
  /** What all things that meet it have under a key; missing where it says nothing of one. */
  readonly entries?: Entries | undefined;
  /** Asks for a part of a text under a key, which no index knows. */
  readonly isUnindexed?: boolean;
  /** Looks at nothing that lies under a key of the thing: quick. */
  readonly isOwn: boolean;
}

export interface Entries {
  readonly table: keyof Tables;
  readonly key: string;
  /** As far as the index of the values knows, of an entry in the table of that name. */
  where(name: string): Expression<SqlBool>;
  /** Of a text in the table of that name, whether it meets the condition. */
  meets(name: string): Expression<SqlBool>;
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
  // The list is made once for all rows.
  return { check, isOwn: true };
}

function keyedCondition(
  engine: Engine,
  searchable: Searchable,
  { table, key, type, isIndexedByValue, absent = {}, onlyWhere }: Extract<Place, { kind: "keyed" }>,
  comparison: Comparison,
): Omit<Condition, "isOwn"> {
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
  const entries = isIndexedByValue && {
    ...{ table, key, where: (name: string) => indexed(engine, type, name, comparison) },
    meets: (name: string) => compare(engine, sql.ref(`${name}.value`), comparison),
  };
  if (comparator === "IS NOT NULL")
    return { check: sql`exists (select 1 from ${withKey} and ${same})`, ...(entries && { entries }) };

  const matches = compare(engine, sql.ref("kept.value"), comparison);
  if (type === "number") {
    // NaN, stored as 0, differs from every number and is neither above nor below any.
    const isNumber = (sign: RawBuilder<unknown>) =>
      sql`${sign}kept.is_nan = 0 and ${compare(engine, sql`${sign}kept.value`, comparison)}`;
    // The plus changes nothing but SQLite's mind: it would go along the index of values for each candidate.
    const ofCandidate = comparator === "!=" ? sql`(kept.is_nan = 1 or ${matches})` : isNumber(sql`+`);
    return {
      check: sql`exists (select 1 from ${withKey} and ${same} and ${ofCandidate})`,
      ...(entries && { entries }),
    };
  }
  const check = sql<SqlBool>`exists (select 1 from ${withKey} and ${same} and ${matches})`;
  if (Object.hasOwn(absent, key)) {
    const absentMatches = compare(engine, sql`${absent[key]}`, comparison);
    return {
      check: sql`(${check} or not exists (select 1 from ${withKey} and ${same}) and ${absentMatches})`,
    };
  }
  const isUnindexed =
    entries && (comparator === "ILIKE" || (comparator === "LIKE" && !literalOf(comparison)));
  return { check, ...(entries && { entries }), ...(isUnindexed && { isUnindexed }) };
}

/** What a text begins with that meets a pattern. */
const literalOf = (comparison: Comparison): string =>
  "value" in comparison && comparison.comparator === "LIKE"
    ? (/^[^%_]*/.exec(String(comparison.value))?.[0] ?? "")
    : "";

/** A condition that the index of values can be asked for; what meets it need not meet the comparison. */
function indexed(
  engine: Engine,
  type: Place["type"],
  name: string,
  comparison: Comparison,
): Expression<SqlBool> {
  const { comparator } = comparison;
  if (comparator === "IS NOT NULL" || comparator === "!=") return sql`1 = 1`;
  const column = (of: string) => sql.ref(`${name}.${of}`);
  if (type === "number")
    return sql`${column("is_nan")} = 0 and ${compare(engine, column("value"), comparison)}`;
  const entry = engine.byCodePoint(beginningOf(`${name}.value`));
  if (comparator === "=") return sql`${entry} = ${indexedBeginning(String(comparison.value))}`;
  if (comparator === "IN") return sql`${entry} in (${sql.join(comparison.values.map(indexedBeginning))})`;
  const literal = literalOf(comparison);
  const beyond = successor(indexedBeginning(literal));
  if (beyond !== undefined) return sql`${entry} >= ${indexedBeginning(literal)} and ${entry} < ${beyond}`;
  // To look at every entry takes longer than to go along some order until a page is full.
  return sql`1 = 1`;
}

/** The first text after all that begin with this one, in the order of code points, where there is one. */
function successor(text: string): string | undefined {
  const last = [...text].at(-1);
  const next = last === undefined ? 0x110000 : (last.codePointAt(0) ?? 0) + 1;
  if (last === undefined || next === 0x110000) return undefined;
  // Halves of surrogate pairs are no characters.
  return text.slice(0, -last.length) + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
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
