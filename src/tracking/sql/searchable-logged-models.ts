import { type Expression, type RawBuilder, type SqlBool, sql } from "kysely";
import type { DatasetScope, LoggedModelQuery } from "../logged-model.ts";
import type { Searchable } from "./searchable.ts";

/** Logged models as a search sees them: their metrics restricted to datasets where the search says so. */
export function searchableLoggedModels({
  datasets = [],
  orderDatasets = [],
}: Pick<LoggedModelQuery, "datasets" | "orderDatasets">): Searchable {
  const created = { column: "creation_time", type: "number" } as const;
  const updated = { column: "last_updated_time", type: "number" } as const;
  return {
    subject: "logged models",
    table: "logged_models",
    identity: [{ column: "model_id" }],
    attributes: {
      name: { column: "name", type: "text" },
      model_id: { column: "model_id", type: "text" },
      model_type: { column: "model_type", type: "text", nullable: true },
      status: { column: "status", type: "text" },
      source_run_id: { column: "source_run_id", type: "text", nullable: true },
      creation_time: created,
      creation_timestamp: created,
      last_updated_time: updated,
      last_updated_timestamp: updated,
    },
    keyed: {
      metric: {
        table: "logged_model_metrics",
        type: "number",
        newestBy: ["timestamp", "step"],
        ...(datasets.length && { onlyWhere: anyOf(datasets) }),
        orderOnlyWhere: orderDatasets.map((dataset) => dataset && ofDataset(dataset)),
      },
      param: { table: "logged_model_params", type: "text" },
      tag: { table: "logged_model_tags", type: "text" },
    },
    defaultOrder: [{ key: "creation_time", descending: true }],
  };
}

/** The condition that a model has any metric of one of these datasets. */
export const measuredOn = (datasets: readonly DatasetScope[]): Expression<SqlBool> =>
  sql`model_id in (select model_id from logged_model_metrics where ${anyOf(datasets)})`;

const anyOf = (datasets: readonly DatasetScope[]): RawBuilder<SqlBool> =>
  sql`(${sql.join(datasets.map(ofDataset), sql` or `)})`;

const ofDataset = ({ name, digest }: DatasetScope): RawBuilder<SqlBool> =>
  digest === undefined
    ? sql`dataset_name = ${name}`
    : sql`(dataset_name = ${name} and dataset_digest = ${digest})`;
