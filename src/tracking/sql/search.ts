import type { Expression, SqlBool } from "kysely";
import { parseFilter } from "../search/filter.ts";
import { parseOrderBy } from "../search/order-by.ts";
import { parsePageToken, printPageToken } from "../search/page-token.ts";
import type { SearchQuery } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { condition } from "./condition.ts";
import type { Engine } from "./engine.ts";
import { findRows } from "./find-rows.ts";
import { orderLevels } from "./order-terms.ts";
import type { IndexedScope, Searchable } from "./searchable.ts";

const largestPage = 50_000;

/** What a search looks at before its filter. */
export interface Scope {
  readonly conditions?: readonly Expression<SqlBool>[];
  /** Says in the page token what they are. */
  readonly key?: unknown;
  /** How many it sees of what the indexes of the table begin with. */
  readonly isIndexed?: IndexedScope;
  /** The conditions, written so that an index for several scopes is gone along. */
  readonly walking?: readonly Expression<SqlBool>[];
}

/**
 * Finds one page of things and hands back their primary keys in order.
 *
 * A page begins after the last row of the page before (not at a counted offset), so that rows which come and go
 * between two pages make no other row appear twice or not at all.
 *
 * @throws {StoreError} `invalid` for a filter, order, page size or token that cannot be
 */
export async function searchPage(
  engine: Engine,
  searchable: Searchable,
  query: SearchQuery,
  { conditions: scope = [], key: scopeKey = "", isIndexed, walking = scope }: Scope = {},
): Promise<{ keys: Record<string, string | number>[]; nextPageToken?: string }> {
  const { filter = "", orderBy = [], maxResults = 1000, pageToken } = query;
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > largestPage) {
    throw new StoreError(
      "invalid",
      "maxResults",
      `a page holds 1 to ${largestPage} ${searchable.subject}, got ${maxResults}`,
    );
  }
  const order = orderLevels(engine, searchable, orderBy.map(parseOrderBy), isIndexed);
  const count = order.reduce((sum, { terms }) => sum + terms.length, 0);
  const search = [searchable.subject, scopeKey, filter, orderBy];
  const rows = await findRows(engine.db, {
    ...{ searchable, scope, walking, order },
    conditions: parseFilter(filter).map((comparison) => condition(engine, searchable, comparison)),
    end: pageToken ? parsePageToken(search, count, pageToken) : undefined,
    limit: maxResults + 1,
  });
  const keys = rows.slice(0, maxResults);
  const last = keys.at(-1);
  if (rows.length <= maxResults || !last) return { keys };
  return {
    keys,
    nextPageToken: printPageToken(
      search,
      Array.from({ length: count }, (_, i) => last[`term_${i}`]!),
    ),
  };
}
