import { type Expression, type SqlBool, sql } from "kysely";
import type { View } from "../store.ts";

/** The condition under which a view sees a row of a table that has a `lifecycle_stage`. */
export function inView(table: "experiments" | "runs" | "logged_models", view: View): Expression<SqlBool>[] {
  return view === "all" ? [] : [sql`${sql.ref(`${table}.lifecycle_stage`)} = ${view}`];
}
