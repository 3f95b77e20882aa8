import type { Database } from "./engine.ts";
import { checkEntry, checkName } from "./limits.ts";
import { preparedInsert } from "./prepared.ts";
import type { Tables } from "./tables.ts";

/** MLflow's clients read and write the name of a run in this tag too. */
export const nameTag = "mlflow.runName";

/** @throws {StoreError} `invalid` for a key or value that cannot be stored */
export function checkTags(tags: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(tags)) checkEntry("tag", key, value);
  if (Object.hasOwn(tags, nameTag)) checkName("run", "key", tags[nameTag] ?? "");
}

/** Writes checked tags of a run, in place of those of the same keys. */
export async function writeTags(
  db: Database,
  runId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await insertTags(db, runId, tags);
  if (!Object.hasOwn(tags, nameTag)) return;
  await db.updateTable("runs").set({ name: tags[nameTag]! }).where("run_uuid", "=", runId).execute();
}

/** The same, of a run that has its name already. */
export const insertTags = (
  db: Database,
  runId: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> =>
  insertRows(
    db,
    Object.entries(tags).map(([key, value]) => ({ run_uuid: runId, key, value })),
  );

const insertRows = preparedInsert<Tables["tags"]>((db, rows) =>
  db
    .insertInto("tags")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["run_uuid", "key"]).doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })),
    ),
);
