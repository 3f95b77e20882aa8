import { sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** Indexes in which the runs of an experiment lie in the order that a search asks for. */
export const indexesOfOrder: Migration = {
  version: 5,
  name: "indexes of order",
  async up(db, { byCodePoint }) {
    const ofRuns = { start: "start_time", end: "end_time", name: "name", status: "status" };
    const isText = (column: string) => column === "name" || column === "status";
    const statements = [
      // Behind the time what a view asks for, so that the runs that it does not see are passed over within the index.
      sql`drop index runs_by_start`,
      ...Object.entries(ofRuns).map(([name, column]) => {
        const ordered = isText(column) ? byCodePoint(sql.ref(column)) : sql.ref(column);
        return sql`create index ${sql.ref(`runs_by_${name}`)} on runs (experiment_id, ${ordered}, lifecycle_stage, run_uuid)`;
      }),
      // Text in the order of its code points, as it is handed out.
      ...["params", "tags"].flatMap((table) => [
        sql`drop index ${sql.ref(`${table}_by_value`)}`,
        sql`create index ${sql.ref(`${table}_by_value`)} on ${sql.table(table)}
          (key, (${byCodePoint(sql`substr(value, 1, 100)`)}), run_uuid)`,
      ]),
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
