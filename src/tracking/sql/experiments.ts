import type { Experiment, ExperimentStore } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database, Engine } from "./engine.ts";
import { checkEntry, checkName, checkText } from "./limits.ts";
import { recordOf } from "./rows.ts";
import { searchPage } from "./search.ts";
import { searchableExperiments } from "./searchable.ts";
import type { Tables } from "./tables.ts";
import { inView } from "./view.ts";

/** Experiments in SQL. */
export function sqlExperiments(engine: Engine, now: () => number): ExperimentStore {
  const { db } = engine;

  async function createExperiment(
    name: string,
    tags: Record<string, string> = {},
    { artifactLocation }: { artifactLocation?: string } = {},
  ): Promise<Experiment> {
    checkName("experiment", "name", name);
    if (artifactLocation) checkText("artifact location of an experiment", "location", artifactLocation);
    for (const [key, value] of Object.entries(tags)) checkEntry("tag of an experiment", key, value);
    const experimentId = await engine.transaction(async (transaction) => {
      // Ids count up without gaps, as MLflow's do; names are taken once.
      await engine.alone(transaction, "experiments");
      const taken = await rowByName(transaction, name);
      if (taken) throw alreadyExists(taken);
      const id = await nextId(transaction);
      const time = now();
      await transaction
        .insertInto("experiments")
        .values({
          experiment_id: id,
          name,
          lifecycle_stage: "active",
          creation_time: time,
          last_update_time: time,
          artifact_location: artifactLocation || null,
        })
        .execute();
      for (const [key, value] of Object.entries(tags)) {
        await transaction.insertInto("experiment_tags").values({ experiment_id: id, key, value }).execute();
      }
      return String(id);
    });
    return getExperiment(experimentId);
  }

  async function ensureExperiment(name: string): Promise<Experiment> {
    const existing = await getExperimentByName(name);
    if (existing?.lifecycleStage === "active") return existing;
    try {
      return await createExperiment(name);
    } catch (error) {
      // Another process made it between the two looks.
      const made = await getExperimentByName(name);
      if (made?.lifecycleStage === "active") return made;
      throw error;
    }
  }

  async function getExperiment(experimentId: string): Promise<Experiment> {
    return withTags(db, await existingRow(db, experimentId));
  }

  async function getExperimentByName(name: string): Promise<Experiment | undefined> {
    const row = await rowByName(db, name);
    return row && withTags(db, row);
  }

  /** Changes an experiment that is in the stage it must be in. */
  async function change(
    experimentId: string,
    stage: Experiment["lifecycleStage"],
    how: (transaction: Database, row: Tables["experiments"], time: number) => Promise<unknown>,
  ): Promise<void> {
    await engine.transaction(async (transaction) => {
      await engine.alone(transaction, "experiments");
      const row = await existingRow(transaction, experimentId);
      if (row.lifecycle_stage !== stage) throw wrongStage(row);
      const time = now();
      await how(transaction, row, time);
      await transaction
        .updateTable("experiments")
        .set({ last_update_time: time })
        .where("experiment_id", "=", row.experiment_id)
        .execute();
    });
  }

  return {
    createExperiment,
    ensureExperiment,
    getExperiment,
    getExperimentByName,
    async searchExperiments({ view = "active", ...query } = {}) {
      const { keys, ...rest } = await searchPage(engine, searchableExperiments, query, {
        conditions: inView("experiments", view),
        key: view,
      });
      const items = keys.map(({ experiment_id }) => getExperiment(String(experiment_id)));
      return { items: await Promise.all(items), ...rest };
    },
    renameExperiment: (experimentId, name) =>
      change(experimentId, "active", async (transaction, { experiment_id }) => {
        checkName("experiment", "name", name);
        const taken = await rowByName(transaction, name);
        if (taken && taken.experiment_id !== experiment_id) throw alreadyExists(taken);
        await transaction
          .updateTable("experiments")
          .set({ name })
          .where("experiment_id", "=", experiment_id)
          .execute();
      }),
    deleteExperiment: (experimentId) =>
      change(experimentId, "active", async (transaction, { experiment_id }, time) => {
        await setStage(transaction, experiment_id, "deleted");
        await transaction
          .updateTable("runs")
          .set({ lifecycle_stage: "deleted", deleted_time: time })
          .where("experiment_id", "=", experiment_id)
          .where("lifecycle_stage", "=", "active")
          .execute();
      }),
    restoreExperiment: (experimentId) =>
      change(experimentId, "deleted", async (transaction, { experiment_id, last_update_time }) => {
        await setStage(transaction, experiment_id, "active");
        // Runs that were deleted on their own, before the experiment was, stay deleted.
        await transaction
          .updateTable("runs")
          .set({ lifecycle_stage: "active", deleted_time: null })
          .where("experiment_id", "=", experiment_id)
          .where("deleted_time", "=", last_update_time)
          .execute();
      }),
    setExperimentTag: (experimentId, key, value) =>
      change(experimentId, "active", async (transaction, { experiment_id }) => {
        checkEntry("tag of an experiment", key, value);
        await transaction
          .insertInto("experiment_tags")
          .values({ experiment_id, key, value })
          .onConflict((conflict) => conflict.columns(["experiment_id", "key"]).doUpdateSet({ value }))
          .execute();
      }),
    deleteExperimentTag: (experimentId, key) =>
      change(experimentId, "active", async (transaction, { experiment_id }) => {
        const { numDeletedRows } = await transaction
          .deleteFrom("experiment_tags")
          .where("experiment_id", "=", experiment_id)
          .where("key", "=", key)
          .executeTakeFirst();
        if (numDeletedRows > 0n) return;
        const message = `experiment ${experimentId} has no tag ${JSON.stringify(key)}`;
        throw new StoreError("not-found", "tag", message);
      }),
  };
}

/** The row of an experiment. @throws {StoreError} `not-found` */
export async function existingRow(db: Database, experimentId: string): Promise<Tables["experiments"]> {
  const id = /^\d{1,15}$/.test(experimentId) ? Number(experimentId) : -1;
  const row = await db
    .selectFrom("experiments")
    .selectAll()
    .where("experiment_id", "=", id)
    .executeTakeFirst();
  if (row) return row;
  throw new StoreError(
    "not-found",
    "experiment",
    `there is no experiment with the id ${JSON.stringify(experimentId)}`,
  );
}

/** What to say of an experiment that is deleted where it must not be, or the other way round. */
export function wrongStage({ experiment_id, name, lifecycle_stage }: Tables["experiments"]): StoreError {
  const state = lifecycle_stage === "deleted" ? "is deleted; restore it first" : "is not deleted";
  return new StoreError("invalid", "experiment", `experiment ${experiment_id} (${name}) ${state}`);
}

const rowByName = (db: Database, name: string) =>
  db.selectFrom("experiments").selectAll().where("name", "=", name).executeTakeFirst();

async function nextId(db: Database): Promise<number> {
  const { largest } = await db
    .selectFrom("experiments")
    .select((eb) => eb.fn.max("experiment_id").as("largest"))
    .executeTakeFirstOrThrow();
  return (largest ?? -1) + 1;
}

const setStage = (db: Database, id: number, stage: Experiment["lifecycleStage"]) =>
  db.updateTable("experiments").set({ lifecycle_stage: stage }).where("experiment_id", "=", id).execute();

async function withTags(db: Database, row: Tables["experiments"]): Promise<Experiment> {
  const tags = await db
    .selectFrom("experiment_tags")
    .select(["key", "value"])
    .where("experiment_id", "=", row.experiment_id)
    .orderBy("key")
    .execute();
  return {
    experimentId: String(row.experiment_id),
    name: row.name,
    lifecycleStage: row.lifecycle_stage,
    creationTime: row.creation_time,
    lastUpdateTime: row.last_update_time,
    tags: recordOf(tags),
    ...(row.artifact_location !== null && { artifactLocation: row.artifact_location }),
  };
}

function alreadyExists({ experiment_id, name, lifecycle_stage }: Tables["experiments"]): StoreError {
  const next = lifecycle_stage === "deleted" ? "; it is deleted: restore it, or take another name" : "";
  return new StoreError(
    "already-exists",
    "experiment",
    `experiment ${JSON.stringify(name)} exists already, with the id ${experiment_id}${next}`,
  );
}
