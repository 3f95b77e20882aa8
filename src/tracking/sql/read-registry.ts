import type { ModelVersion, RegisteredModel } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database } from "./engine.ts";
import { recordOf } from "./rows.ts";

/** @throws {StoreError} `not-found`, with the nearest thing to do */
export async function readModel(db: Database, name: string): Promise<RegisteredModel> {
  const row = await db
    .selectFrom("registered_models")
    .selectAll()
    .where("name", "=", name)
    .executeTakeFirst();
  if (!row) {
    throw new StoreError(
      "not-found",
      "registered model",
      `there is no registered model ${JSON.stringify(name.slice(0, 200))}`,
    );
  }
  const tags = await db
    .selectFrom("registered_model_tags")
    .select(["key", "value"])
    .where("name", "=", name)
    .orderBy("key")
    .execute();
  const aliases = await db
    .selectFrom("registered_model_aliases")
    .select(["alias", "version"])
    .where("name", "=", name)
    .orderBy("alias")
    .execute();
  return {
    name,
    description: row.description,
    creationTime: row.creation_time,
    lastUpdateTime: row.last_updated_time,
    tags: recordOf(tags),
    aliases: Object.fromEntries(aliases.map(({ alias, version }) => [alias, version])),
  };
}

/** @throws {StoreError} `not-found` */
export async function readVersion(db: Database, name: string, version: number): Promise<ModelVersion> {
  const row = await db
    .selectFrom("model_versions")
    .selectAll()
    .where("name", "=", name)
    .where("version", "=", version)
    .executeTakeFirst();
  if (!row) {
    await readModel(db, name);
    throw new StoreError(
      "not-found",
      "model version",
      `registered model ${JSON.stringify(name)} has no version ${version}`,
    );
  }
  const tags = await db
    .selectFrom("model_version_tags")
    .select(["key", "value"])
    .where("name", "=", name)
    .where("version", "=", version)
    .orderBy("key")
    .execute();
  const aliases = await db
    .selectFrom("registered_model_aliases")
    .select("alias")
    .where("name", "=", name)
    .where("version", "=", version)
    .orderBy("alias")
    .execute();
  return {
    name,
    version,
    description: row.description,
    creationTime: row.creation_time,
    lastUpdateTime: row.last_updated_time,
    source: row.source,
    ...(row.run_id !== null && { runId: row.run_id }),
    ...(row.run_link !== null && { runLink: row.run_link }),
    ...(row.model_id !== null && { modelId: row.model_id }),
    stage: row.current_stage,
    tags: recordOf(tags),
    aliases: aliases.map(({ alias }) => alias),
  };
}
