import type { ModelRegistry, NewModelVersion } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database, Engine } from "./engine.ts";
import { checkEntry, checkName, checkText } from "./limits.ts";
import { readModel, readVersion } from "./read-registry.ts";
import { sqlRegistryChanges } from "./registry-changes.ts";
import { writeEvent } from "./registry-events.ts";
import { checkModelName, nextVersion, touchModel, versionOfAlias } from "./registry-rows.ts";
import { searchPage } from "./search.ts";
import { searchableModels, searchableVersions } from "./searchable.ts";

/**
 * The model registry in SQL. Changes that others want to hear of are written down as events, in the same transaction.
 * @param user who makes them, unless a call says another
 */
export function sqlRegistry(engine: Engine, now: () => number, user: string): ModelRegistry {
  const { db } = engine;

  async function createRegisteredModel(
    name: string,
    { description = "", tags = {} }: { description?: string; tags?: Record<string, string> } = {},
  ) {
    checkModelName(name);
    checkText(`description of model ${name}`, "description", description);
    const time = now();
    await engine.transaction(async (transaction) => {
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto("registered_models")
        .values({ name, creation_time: time, last_updated_time: time, description })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows === 0n) {
        throw new StoreError(
          "already-exists",
          "registered model",
          `registered model ${JSON.stringify(name)} exists already`,
        );
      }
      for (const [key, value] of Object.entries(tags)) await writeModelTag(transaction, name, key, value);
    });
    return readModel(db, name);
  }

  async function ensureRegisteredModel(name: string) {
    try {
      return await createRegisteredModel(name);
    } catch (error) {
      if (error instanceof StoreError && error.code === "already-exists") return readModel(db, name);
      throw error;
    }
  }

  async function createModelVersion(
    { name, source, description = "", tags = {}, ...origin }: NewModelVersion,
    madeBy = user,
  ) {
    checkText("source of a model version", "source", source);
    checkText("description of a model version", "description", description);
    const version = await engine.transaction(async (transaction) => {
      const time = now();
      const next = await nextVersion(transaction, name, time);
      await transaction
        .insertInto("model_versions")
        .values({
          name,
          version: next,
          creation_time: time,
          last_updated_time: time,
          description,
          source,
          run_id: origin.runId ?? null,
          run_link: origin.runLink ?? null,
          model_id: origin.modelId ?? null,
        })
        .execute();
      for (const [key, value] of Object.entries(tags))
        await writeVersionTag(transaction, name, next, key, value);
      await writeEvent(transaction, { name, kind: "version-created", time, user: madeBy, version: next });
      return next;
    });
    return readVersion(db, name, version);
  }

  /** Changes a version that is there, and says when. */
  async function changeVersion(
    name: string,
    version: number,
    how: (transaction: Database) => Promise<unknown>,
  ): Promise<void> {
    await engine.transaction(async (transaction) => {
      // The model's row is what all that changes its versions and aliases waits for.
      await transaction
        .selectFrom("registered_models")
        .select("name")
        .where("name", "=", name)
        .modifyEnd(engine.locked)
        .execute();
      await readVersion(transaction, name, version);
      await how(transaction);
      await transaction
        .updateTable("model_versions")
        .set({ last_updated_time: now() })
        .where("name", "=", name)
        .where("version", "=", version)
        .execute();
    });
  }

  /** Changes a model that is there, and says when. */
  async function changeModel(name: string, how: (transaction: Database) => Promise<unknown>): Promise<void> {
    await engine.transaction(async (transaction) => {
      await touchModel(transaction, name, now());
      await how(transaction);
    });
  }

  return {
    ...sqlRegistryChanges(engine, now, user),
    createRegisteredModel,
    ensureRegisteredModel,
    getRegisteredModel: (name) => readModel(db, name),
    async searchRegisteredModels(query = {}) {
      const { keys, ...rest } = await searchPage(engine, searchableModels, query);
      return { items: await Promise.all(keys.map(({ name }) => readModel(db, String(name)))), ...rest };
    },
    setRegisteredModelTag: (name, key, value) =>
      changeModel(name, (transaction) => writeModelTag(transaction, name, key, value)),
    deleteRegisteredModelTag: (name, key) =>
      changeModel(name, (transaction) =>
        transaction
          .deleteFrom("registered_model_tags")
          .where("name", "=", name)
          .where("key", "=", key)
          .execute(),
      ),

    createModelVersion,
    getModelVersion: (name, version) => readVersion(db, name, version),
    async listModelVersions(name) {
      await readModel(db, name);
      const rows = await db
        .selectFrom("model_versions")
        .select("version")
        .where("name", "=", name)
        .orderBy("version", "desc")
        .execute();
      return Promise.all(rows.map(({ version }) => readVersion(db, name, version)));
    },
    async searchModelVersions(query = {}) {
      const { keys, ...rest } = await searchPage(engine, searchableVersions, query);
      const items = keys.map(({ name, version }) => readVersion(db, String(name), Number(version)));
      return { items: await Promise.all(items), ...rest };
    },
    setModelVersionTag: (name, version, key, value) =>
      changeVersion(name, version, (transaction) => writeVersionTag(transaction, name, version, key, value)),
    deleteModelVersionTag: (name, version, key) =>
      changeVersion(name, version, (transaction) =>
        transaction
          .deleteFrom("model_version_tags")
          .where("name", "=", name)
          .where("version", "=", version)
          .where("key", "=", key)
          .execute(),
      ),

    setAlias: (name, alias, version, madeBy = user) =>
      changeVersion(name, version, async (transaction) => {
        checkAlias(alias);
        const time = now();
        await touchModel(transaction, name, time);
        const previousVersion = await versionOfAlias(transaction, name, alias);
        // The key is (model, alias): an alias cannot stand on two versions.
        await transaction
          .insertInto("registered_model_aliases")
          .values({ name, alias, version })
          .onConflict((conflict) => conflict.columns(["name", "alias"]).doUpdateSet({ version }))
          .execute();
        const change = { name, alias, version, ...(previousVersion !== undefined && { previousVersion }) };
        if (previousVersion !== version)
          await writeEvent(transaction, { ...change, kind: "alias-set", time, user: madeBy });
      }),
    deleteAlias: (name, alias, madeBy = user) =>
      changeModel(name, async (transaction) => {
        const previousVersion = await versionOfAlias(transaction, name, alias);
        if (previousVersion === undefined) return;
        await transaction
          .deleteFrom("registered_model_aliases")
          .where("name", "=", name)
          .where("alias", "=", alias)
          .execute();
        const change = { name, alias, previousVersion, time: now(), user: madeBy };
        await writeEvent(transaction, { ...change, kind: "alias-deleted" });
      }),
    async getVersionByAlias(name, alias) {
      const version = await versionOfAlias(db, name, alias);
      return version === undefined ? undefined : readVersion(db, name, version);
    },
  };
}

function checkAlias(alias: string): void {
  checkName("alias", "alias", alias);
  const expected = "letters, digits, _ and -, not 'latest' and not a version such as v3";
  if (/^[\p{L}\p{N}_-]+$/u.test(alias) && !/^(v\d+|latest)$/i.test(alias)) return;
  throw new StoreError("invalid", "alias", `an alias is made of ${expected}; got ${JSON.stringify(alias)}`, {
    expected,
    got: alias,
  });
}

function writeModelTag(db: Database, name: string, key: string, value: string): Promise<unknown> {
  checkEntry("tag in the registry", key, value);
  return db
    .insertInto("registered_model_tags")
    .values({ name, key, value })
    .onConflict((conflict) => conflict.columns(["name", "key"]).doUpdateSet({ value }))
    .execute();
}

function writeVersionTag(
  db: Database,
  name: string,
  version: number,
  key: string,
  value: string,
): Promise<unknown> {
  checkEntry("tag in the registry", key, value);
  return db
    .insertInto("model_version_tags")
    .values({ name, version, key, value })
    .onConflict((conflict) => conflict.columns(["name", "version", "key"]).doUpdateSet({ value }))
    .execute();
}
