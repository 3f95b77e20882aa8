import { randomUUID } from "node:crypto";
import type { Dataset, DatasetUse } from "../store.ts";
import type { Database } from "./engine.ts";
import { checkEntry, checkName, checkText } from "./limits.ts";
import { inParts, recordOf } from "./rows.ts";
import type { Tables } from "./tables.ts";

/** The tag under which MLflow says what a dataset was used for. */
const contextTag = "mlflow.data.context";

/** Writes that a run has seen a dataset. */
export async function writeDataset(db: Database, run: Tables["runs"], dataset: Dataset): Promise<void> {
  checkDataset(dataset);
  const input_uuid = await inputOf(db, run.run_uuid, await datasetOf(db, run.experiment_id, dataset));
  const tags = {
    ...dataset.tags,
    ...(dataset.context !== undefined && { [contextTag]: dataset.context }),
  };
  for (const part of inParts(Object.entries(tags))) {
    await db
      .insertInto("input_tags")
      .values(part.map(([name, value]) => ({ input_uuid, name, value })))
      .onConflict((conflict) =>
        conflict.columns(["input_uuid", "name"]).doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })),
      )
      .execute();
  }
}

function checkDataset({ name, digest, source, sourceType, schema, profile, context, tags }: Dataset): void {
  checkName("dataset", "name", name);
  checkName(`digest of dataset ${name}`, "key", digest);
  checkText(`source of dataset ${name}`, "source", source);
  if (sourceType !== undefined) checkText(`source type of dataset ${name}`, "key", sourceType);
  if (schema !== undefined) checkText(`schema of dataset ${name}`, "schema", schema);
  if (profile !== undefined) checkText(`profile of dataset ${name}`, "profile", profile);
  if (context !== undefined) checkText(`context of dataset ${name}`, "tag", context);
  for (const [key, value] of Object.entries(tags ?? {})) checkEntry("tag", key, value);
}

/** The same content under the same name is one dataset of the experiment, whichever run sees it first. */
async function datasetOf(db: Database, experiment_id: number, dataset: Dataset): Promise<string> {
  const { name, digest, source, sourceType = "local", schema, profile } = dataset;
  await db
    .insertInto("datasets")
    .values({
      ...{ dataset_uuid: randomUUID(), experiment_id, name, digest },
      dataset_source_type: sourceType,
      dataset_source: source,
      dataset_schema: schema ?? null,
      dataset_profile: profile ?? null,
    })
    .onConflict((conflict) => conflict.columns(["experiment_id", "name", "digest"]).doNothing())
    .execute();
  const { dataset_uuid } = await db
    .selectFrom("datasets")
    .select("dataset_uuid")
    .where("experiment_id", "=", experiment_id)
    .where("name", "=", name)
    .where("digest", "=", digest)
    .executeTakeFirstOrThrow();
  return dataset_uuid;
}

async function inputOf(db: Database, runId: string, datasetId: string): Promise<string> {
  const { input_uuid } = await db
    .insertInto("inputs")
    .values({
      input_uuid: randomUUID(),
      source_type: "DATASET",
      source_id: datasetId,
      destination_type: "RUN",
      destination_id: runId,
    })
    // An update that changes nothing, so that the row that is there already is returned.
    .onConflict((conflict) =>
      conflict
        .columns(["destination_id", "source_id"])
        .doUpdateSet((eb) => ({ source_id: eb.ref("excluded.source_id") })),
    )
    .returning("input_uuid")
    .executeTakeFirstOrThrow();
  return input_uuid;
}

/** What was said of uses of datasets beside their context, by the id of the use. */
export async function datasetTags(
  db: Database,
  inputIds: readonly string[],
): Promise<Map<string, Record<string, string>>> {
  const tags: Tables["input_tags"][] = [];
  for (const part of inParts(inputIds)) {
    const rows = await db
      .selectFrom("input_tags")
      .selectAll()
      .where("input_uuid", "in", part)
      .where("name", "!=", contextTag)
      .execute();
    tags.push(...rows);
  }
  const grouped = Map.groupBy(tags, ({ input_uuid }) => input_uuid);
  const recordOfRows = (rows: readonly Tables["input_tags"][]) =>
    recordOf(rows.map(({ name, value }) => ({ key: name, value })));
  return new Map([...grouped].map(([inputId, rows]) => [inputId, recordOfRows(rows)]));
}

export function toDataset(row: Tables["run_datasets"], tags: Record<string, string> | undefined): Dataset {
  return {
    name: row.name,
    digest: row.digest,
    source: row.source,
    ...(row.source_type !== "local" && { sourceType: row.source_type }),
    ...(row.schema_text !== null && { schema: row.schema_text }),
    ...(row.profile !== null && { profile: row.profile }),
    ...(row.context !== null && { context: row.context }),
    ...(tags && { tags }),
  };
}

const mostUses = 1000;

/** What the runs of these experiments have seen, each dataset once for each of its uses. */
export async function searchDatasets(db: Database, experimentIds: readonly string[]): Promise<DatasetUse[]> {
  const ids = experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number);
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("run_datasets")
    .select(["experiment_id", "name", "digest", "context"])
    .distinct()
    .where("experiment_id", "in", ids)
    .orderBy("experiment_id")
    .orderBy("name")
    .orderBy("digest")
    .orderBy("context")
    .limit(mostUses)
    .execute();
  return rows.map(({ experiment_id, context, ...dataset }) => ({
    experimentId: String(experiment_id),
    ...dataset,
    ...(context !== null && { context }),
  }));
}
