import { type Expression, type SqlBool, sql } from "kysely";
import type { PageEnd } from "../search/page-token.ts";
import type { Database } from "./engine.ts";
import type { OrderIndex } from "./order-index.ts";
import type { Level, Term } from "./order-terms.ts";
import {
  afterEnd,
  all,
  type FoundRow,
  identity,
  isFew,
  orderBy,
  type PagePart,
  same,
  sortRows,
  termName,
} from "./sort-rows.ts";

/**
 * Goes along the index that lies in the order of the first level and stops at the end of the page: first the things
 * that have a value, last those without. Where more than `few` have the same value, or none, it goes on among them along
 * the index of the next level.
 */
export async function walkRows(db: Database, part: PagePart, few: number): Promise<FoundRow[]> {
  const [level] = part.order;
  if (!level?.index) return sortRows(db, part);
  const index = within(part, level.index);
  const { end, limit } = part;
  const found = await withValue(db, part, level, index, few);
  for (const { rank, check, things } of index.without) {
    const isOver = end !== undefined && Number(end[0]) > rank;
    if (found.length >= limit || isOver) continue;
    const isGoingOn = end !== undefined && Number(end[0]) === rank;
    const { known, ...alike } = among(part, level, check, [rank, index.nothing], isGoingOn, found.length);
    const leading = things && (await isFew(db, things, few)) ? things : undefined;
    const rows = leading ? await sortRows(db, alike, leading) : await walkRows(db, alike, few);
    found.push(...rows.map((row) => ({ ...row, ...known })));
  }
  return found;
}

/** An index, of it no more than what the checks leave. */
function within({ scope, entries }: PagePart, index: OrderIndex): OrderIndex {
  const { keyed, where, name } = index;
  if (!keyed) return { ...index, where: all([where, ...scope]) };
  const ofKey = entries.filter(({ table, key }) => table === keyed.table && key === keyed.key);
  // Who is asked for a value has one.
  const without = ofKey.length > 0 ? index.without.filter(({ rank }) => rank === 1) : index.without;
  return { ...index, without, where: all([where, ...ofKey.map((entry) => entry.where(name))]) };
}

/** Those that have a value, a stretch of entries after the other. */
async function withValue(
  db: Database,
  part: PagePart,
  level: Level,
  index: OrderIndex,
  few: number,
): Promise<FoundRow[]> {
  const { searchable, end, limit } = part;
  const isRanked = level.terms.length === 2;
  if (isRanked && end && end[0] !== 0) return [];
  const last = isRanked ? end?.[1] : end?.[0];
  const found: FoundRow[] = [];
  let from: Bound | undefined =
    last === undefined ? undefined : { entry: index.entryOf(last), isIncluded: true };
  for (let isDone = false; !isDone && found.length < limit; ) {
    const stretch = await nextStretch(db, index, isDescending(level), from, few);
    if (!stretch) break;
    const isOne = stretch.first === stretch.last;
    if (isOne && !stretch.isLast && index.isWhole(stretch.first)) {
      const value = stretch.first;
      const values = isRanked ? [0, value] : [value];
      const { known, ...alike } = among(part, level, index.has(value), values, last === value, found.length);
      const things = sql`select ${identity(searchable, index.name)} from ${index.from}
        where ${index.where} and ${index.entry} = ${value}`;
      // To sort two stretches is still quicker than to look for them along an index that knows nothing of this value.
      const rows = !(await meets(db, part, index, value))
        ? []
        : (await isFew(db, things, 2 * few))
          ? await sortRows(db, alike, things)
          : await walkRows(db, alike, few);
      found.push(...rows.map((row) => ({ ...row, ...known })));
    } else {
      const until = { entry: stretch.last, isIncluded: stretch.isLast || isOne };
      found.push(...(await alongStretch(db, part, level, index, { from, until }, found.length)));
    }
    from = { entry: stretch.last, isIncluded: !isOne };
    isDone = stretch.isLast;
  }
  return found;
}

/** Whether a value that many have under a key of text meets what is asked of that key. */
async function meets(
  db: Database,
  { entries }: PagePart,
  { keyed, from, where, entry }: OrderIndex,
  value: string | number,
): Promise<boolean> {
  const ofKey = entries.filter(({ table, key }) => table === keyed?.table && key === keyed.key);
  if (ofKey.length === 0 || typeof value === "number") return true;
  const { rows } = await sql`select 1 from (
      select value from ${from} where ${where} and ${entry} = ${value} limit 1
    ) as one where ${all(ofKey.map((condition) => condition.meets("one")))}`.execute(db);
  return rows.length > 0;
}

const isDescending = ({ terms }: Level): boolean => terms.at(-1)!.descending;

/** Things that are alike in the first level of the order, and what they have there. */
function among(
  part: PagePart,
  { terms }: Level,
  check: Expression<SqlBool>,
  alike: readonly (number | string)[],
  isGoingOn: boolean,
  found: number,
): PagePart & { readonly known: FoundRow } {
  return {
    ...part,
    checks: [...part.checks, check],
    order: part.order.slice(1),
    place: part.place + terms.length,
    end: isGoingOn ? part.end?.slice(terms.length) : undefined,
    limit: part.limit - found,
    known: Object.fromEntries(alike.map((value, i) => [`term_${part.place + i}`, value])),
  };
}

interface Bound {
  readonly entry: string | number;
  readonly isIncluded: boolean;
}

/** The next `few` entries of an index: the first and the last, and whether no more follow. */
async function nextStretch(
  db: Database,
  { from, where, entry }: OrderIndex,
  descending: boolean,
  begin: Bound | undefined,
  few: number,
) {
  const { rows } = await sql<{ low: string | number; high: string | number; count: number }>`
    select min(entry) as low, max(entry) as high, count(*) as count from (
      select ${entry} as entry from ${from}
      where ${where} ${begin ? sql`and ${entry} ${after(descending, begin)}` : sql``}
      order by ${orderBy([{ value: entry, descending }])} limit ${few + 1}
    ) as entries`.execute(db);
  const [{ low, high, count } = { low: 0, high: 0, count: 0 }] = rows;
  if (count === 0) return undefined;
  return { first: descending ? high : low, last: descending ? low : high, isLast: count <= few };
}

const after = (descending: boolean, { entry, isIncluded }: Bound) =>
  sql`${sql.raw(`${descending ? "<" : ">"}${isIncluded ? "=" : ""}`)} ${entry}`;

async function alongStretch(
  db: Database,
  { searchable, checks, order, place, end, limit }: PagePart,
  level: Level,
  { keyed, from, name, where, entry, value }: OrderIndex,
  bounds: { readonly from: Bound | undefined; readonly until: Bound },
  found: number,
): Promise<FoundRow[]> {
  const descending = isDescending(level);
  const further = order.slice(1).flatMap(({ terms }): readonly Term[] => terms);
  const terms = [{ value, descending }, ...further];
  const isRanked = level.terms.length === 2;
  const first = place + (isRanked ? 1 : 0);
  const columns = terms.map((term, i) => sql`${term.value} as ${termName(first + i)}`);
  const rest: PageEnd | undefined = isRanked ? end?.slice(1) : end;
  const conditions = [
    where,
    ...(bounds.from ? [sql<SqlBool>`${entry} ${after(descending, bounds.from)}`] : []),
    sql<SqlBool>`${entry} ${after(!descending, bounds.until)}`,
    ...(keyed ? same(name, searchable) : []),
    ...checks,
    ...(rest ? [afterEnd(terms, rest)] : []),
  ];
  const { rows } = await sql<FoundRow>`
    select ${identity(searchable, searchable.table)}, ${sql.join(columns)}
    from ${from} ${keyed ? sql`cross join ${sql.table(searchable.table)}` : sql``}
    where ${all(conditions)}
    order by ${orderBy(entry === value ? terms : [{ value: entry, descending }, ...terms])}
    limit ${limit - found}`.execute(db);
  return isRanked ? rows.map((row) => ({ ...row, [`term_${place}`]: 0 })) : rows;
}
