import { sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** An index in which the runs of all experiments lie in the order of time: the list of runs begins with it. */
export const indexOfAllRuns: Migration = {
  version: 6,
  name: "index of all runs",
  async up(db) {
    await sql`create index runs_by_start_of_all on runs (start_time, experiment_id, lifecycle_stage, run_uuid)`.execute(
      db,
    );
  },
};
