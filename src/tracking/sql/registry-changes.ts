// Renaming, describing and removing what is registered; stages of versions.
import type { ModelRegistry } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Engine } from "./engine.ts";
import { checkText } from "./limits.ts";
import { readModel, readVersion } from "./read-registry.ts";
import { writeEvent } from "./registry-events.ts";
import { checkModelName, touchModel } from "./registry-rows.ts";

type RegistryChanges = Pick<
  ModelRegistry,
  | "updateRegisteredModel"
  | "renameRegisteredModel"
  | "deleteRegisteredModel"
  | "updateModelVersion"
  | "setModelVersionStage"
  | "deleteModelVersion"
>;

export function sqlRegistryChanges(engine: Engine, now: () => number, user: string): RegistryChanges {
  const { db } = engine;
  return {
    async updateRegisteredModel(name, { description }) {
      checkText(`description of model ${name}`, "description", description);
      await engine.transaction(async (transaction) => {
        await touchModel(transaction, name, now());
        await transaction
          .updateTable("registered_models")
          .set({ description })
          .where("name", "=", name)
          .execute();
      });
      return readModel(db, name);
    },
    async renameRegisteredModel(name, newName) {
      checkModelName(newName);
      await engine.transaction(async (transaction) => {
        const time = now();
        await touchModel(transaction, name, time);
        const taken = await transaction
          .selectFrom("registered_models")
          .select("name")
          .where("name", "=", newName)
          .executeTakeFirst();
        if (taken && newName !== name) throw alreadyExists(newName);
        // Versions, tags and aliases follow by their foreign keys.
        await transaction
          .updateTable("registered_models")
          .set({ name: newName })
          .where("name", "=", name)
          .execute();
        await transaction
          .updateTable("model_versions")
          .set({ last_updated_time: time })
          .where("name", "=", newName)
          .execute();
      });
      return readModel(db, newName);
    },
    deleteRegisteredModel: (name) =>
      engine.transaction(async (transaction) => {
        await touchModel(transaction, name, now());
        await transaction.deleteFrom("registered_models").where("name", "=", name).execute();
      }),
    async updateModelVersion(name, version, { description }) {
      checkText("description of a model version", "description", description);
      await engine.transaction(async (transaction) => {
        await touchModel(transaction, name, now());
        await readVersion(transaction, name, version);
        await transaction
          .updateTable("model_versions")
          .set({ description, last_updated_time: now() })
          .where("name", "=", name)
          .where("version", "=", version)
          .execute();
      });
      return readVersion(db, name, version);
    },
    async setModelVersionStage(name, version, stage, { archiveOthers = false } = {}) {
      await engine.transaction(async (transaction) => {
        const time = now();
        await touchModel(transaction, name, time);
        await readVersion(transaction, name, version);
        const versions = transaction.updateTable("model_versions").where("name", "=", name);
        if (archiveOthers) {
          await versions
            .set({ current_stage: "Archived", last_updated_time: time })
            .where("current_stage", "=", stage)
            .where("version", "!=", version)
            .execute();
        }
        await versions
          .set({ current_stage: stage, last_updated_time: time })
          .where("version", "=", version)
          .execute();
      });
      return readVersion(db, name, version);
    },
    deleteModelVersion: (name, version, madeBy = user) =>
      engine.transaction(async (transaction) => {
        const time = now();
        await touchModel(transaction, name, time);
        const { aliases } = await readVersion(transaction, name, version);
        await transaction
          .deleteFrom("model_versions")
          .where("name", "=", name)
          .where("version", "=", version)
          .execute();
        for (const alias of aliases) {
          const change = { name, alias, previousVersion: version, time, user: madeBy };
          await writeEvent(transaction, { ...change, kind: "alias-deleted" });
        }
      }),
  };
}

const alreadyExists = (name: string) =>
  new StoreError(
    "already-exists",
    "registered model",
    `registered model ${JSON.stringify(name)} exists already`,
  );
