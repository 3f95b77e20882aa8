import { type Expression, type SqlBool, sql } from "kysely";
import { parseFilter } from "../search/filter.ts";
import { parseOrderBy } from "../search/order-by.ts";
import { type PageEnd, parsePageToken, printPageToken } from "../search/page-token.ts";
import type { SearchQuery } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { condition } from "./condition.ts";
import type { Engine } from "./engine.ts";
import { orderTerms, type Term } from "./order-terms.ts";
import type { Searchable } from "./searchable.ts";

const largestPage = 50_000;

/**
 * Finds one page of things and hands back their primary keys in order.
 *
 * A page begins after the last row of the page before (not at a counted offset), so that rows which come and go
 * between two pages make no other row appear twice or not at all.
 *
 * @param scope conditions beside the filter; `scopeKey` says them in the page token
 * @throws {StoreError} `invalid` for a filter, order, page size or token that cannot be
 */
export async function searchPage(
  engine: Engine,
  searchable: Searchable,
  query: SearchQuery,
  scope: readonly Expression<SqlBool>[],
  scopeKey: unknown,
): Promise<{ keys: Record<string, string | number>[]; nextPageToken?: string }> {
  const { filter = "", orderBy = [], maxResults = 1000, pageToken } = query;
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > largestPage) {
    throw new StoreError(
      "invalid",
      "maxResults",
      `a page holds 1 to ${largestPage} ${searchable.subject}, got ${maxResults}`,
    );
  }
  const terms = orderTerms(engine, searchable, orderBy.map(parseOrderBy));
  const search = [searchable.subject, scopeKey, filter, orderBy];
  const conditions = [
    ...scope,
    ...parseFilter(filter).map((comparison) => condition(engine, searchable, comparison)),
  ];
  const after = pageToken && afterEnd(terms, parsePageToken(search, terms.length, pageToken));

  const columns = terms.map(({ value }, i) => sql`${value} as ${termName(i)}`);
  const order = terms.map(({ descending }, i) => sql`${termName(i)} ${sql.raw(descending ? "desc" : "asc")}`);
  const { rows } = await sql<Record<string, string | number>>`
    select * from (
      select ${sql.join(searchable.identity.map(({ column }) => sql.ref(column)))}, ${sql.join(columns)}
      from ${sql.table(searchable.table)}
      where ${conditions.length ? sql.join(conditions, sql` and `) : sql`1 = 1`}
    ) as found
    where ${after || sql`1 = 1`}
    order by ${sql.join(order)}
    limit ${maxResults + 1}`.execute(engine.db);

  const keys = rows.slice(0, maxResults);
  const last = keys.at(-1);
  if (rows.length <= maxResults || !last) return { keys };
  return {
    keys,
    nextPageToken: printPageToken(
      search,
      terms.map((_, i) => last[`term_${i}`]!),
    ),
  };
}

const termName = (index: number) => sql.ref(`term_${index}`);

/** (a, b) comes after (x, y): a beyond x, or a equal to x and b beyond y. Written out, since directions may differ. */
function afterEnd(terms: readonly Term[], end: PageEnd): Expression<SqlBool> {
  return terms.reduceRight<Expression<SqlBool>>((rest, { descending }, i) => {
    const beyond = sql.raw(descending ? "<" : ">");
    return sql`(${termName(i)} ${beyond} ${end[i]} or (${termName(i)} = ${end[i]} and ${rest}))`;
  }, sql`1 = 0`);
}
