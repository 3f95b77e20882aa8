// What all that changes the registry has in common.
import { sql } from "kysely";
import { StoreError } from "../store-error.ts";
import type { Database } from "./engine.ts";
import { checkName } from "./limits.ts";
import { readModel } from "./read-registry.ts";

/** Models stand in URIs such as `models:/NAME@ALIAS` and `models:/NAME/VERSION`. */
export function checkModelName(name: string): void {
  checkName("registered model", "name", name);
  if (!/[/:]/.test(name)) return;
  throw new StoreError(
    "invalid",
    "registered model",
    `the name of a registered model has no / and no :, got ${JSON.stringify(name)}`,
  );
}

/** Notes when the model was changed. @throws {StoreError} `not-found` */
export async function touchModel(db: Database, name: string, time: number): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("registered_models")
    .set({ last_updated_time: time })
    .where("name", "=", name)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) await readModel(db, name);
}

export async function versionOfAlias(db: Database, name: string, alias: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("registered_model_aliases")
    .select("version")
    .where("name", "=", name)
    .where("alias", "=", alias)
    .executeTakeFirst();
  return row?.version;
}

/** The number of a new version of a model: one that no version of it ever had. @throws {StoreError} `not-found` */
export async function nextVersion(db: Database, name: string, time: number): Promise<number> {
  const row = await db
    .updateTable("registered_models")
    .set({ last_version: sql<number>`last_version + 1`, last_updated_time: time })
    .where("name", "=", name)
    .returning("last_version")
    .executeTakeFirst();
  if (row) return row.last_version;
  await readModel(db, name);
  throw new StoreError(
    "not-found",
    "registered model",
    `there is no registered model ${JSON.stringify(name)}`,
  );
}
