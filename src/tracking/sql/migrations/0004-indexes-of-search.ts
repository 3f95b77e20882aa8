import { sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** Indexes in which a search finds its page without looking at every run. */
export const indexesOfSearch: Migration = {
  version: 4,
  name: "indexes of search",
  async up(db) {
    const statements = [
      // In the order of a metric: all that the order needs, so that only the runs of the page are looked up.
      sql`drop index latest_metrics_by_value`,
      sql`create index latest_metrics_by_value on latest_metrics (key, is_nan, value, run_uuid)`,
      // Of long texts the beginning: Postgres takes no more than 2,700 bytes into an index.
      ...["params", "tags"].flatMap((table) => [
        sql`drop index ${sql.ref(`${table}_by_key`)}`,
        sql`create index ${sql.ref(`${table}_by_value`)} on ${sql.table(table)} (key, substr(value, 1, 100), run_uuid)`,
      ]),
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
