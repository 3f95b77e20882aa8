import { randomUUID } from "node:crypto";
import { type SqlBool, sql } from "kysely";
import type { LoggedModel, LoggedModelStore, NewLoggedModel } from "../logged-model.ts";
import { StoreError } from "../store-error.ts";
import type { Database, Engine } from "./engine.ts";
import { existingRow as existingExperiment, wrongStage } from "./experiments.ts";
import { checkEntry, checkName, checkText } from "./limits.ts";
import { readLoggedModels } from "./read-logged-models.ts";
import { inParts } from "./rows.ts";
import { searchPage } from "./search.ts";
import { measuredOn, searchableLoggedModels } from "./searchable-logged-models.ts";
import { inView } from "./view.ts";

/** Logged models in SQL. */
export function sqlLoggedModels(engine: Engine, now: () => number): LoggedModelStore {
  const { db } = engine;

  async function getLoggedModel(
    modelId: string,
    { allowDeleted = false }: { allowDeleted?: boolean } = {},
  ): Promise<LoggedModel> {
    const [model] = await readLoggedModels(db, [modelId]);
    if (model && (allowDeleted || model.lifecycleStage === "active")) return model;
    throw notFound(modelId);
  }

  async function createLoggedModel({ experimentId, ...model }: NewLoggedModel): Promise<LoggedModel> {
    const modelId = `m-${randomUUID().replaceAll("-", "")}`;
    await engine.transaction(async (transaction) => {
      const experiment = await existingExperiment(transaction, experimentId);
      if (experiment.lifecycle_stage === "deleted") throw wrongStage(experiment);
      await transaction
        .insertInto("logged_models")
        .values(toRow(modelId, model, experiment, now()))
        .execute();
      await writeEntries(transaction, "logged_model_params", modelId, model.params ?? {});
      await writeEntries(transaction, "logged_model_tags", modelId, model.tags ?? {});
    });
    return getLoggedModel(modelId);
  }

  /** Does something to a model that is there, all or nothing, and says when. */
  async function change(
    modelId: string,
    how: (transaction: Database) => Promise<unknown>,
    set: { status?: LoggedModel["status"]; lifecycle_stage?: "deleted" } = {},
  ): Promise<void> {
    await engine.transaction(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("logged_models")
        .set({ ...set, last_updated_time: now() })
        .where("model_id", "=", modelId)
        .where("lifecycle_stage", "=", "active")
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw notFound(modelId);
      await how(transaction);
    });
  }

  return {
    createLoggedModel,
    getLoggedModel,
    async finalizeLoggedModel(modelId, status) {
      await change(modelId, async () => {}, { status });
      return getLoggedModel(modelId);
    },
    logLoggedModelParams: (modelId, params) =>
      change(modelId, (transaction) => writeEntries(transaction, "logged_model_params", modelId, params)),
    setLoggedModelTags: (modelId, tags) =>
      change(modelId, (transaction) => writeEntries(transaction, "logged_model_tags", modelId, tags)),
    deleteLoggedModelTag: (modelId, key) =>
      change(modelId, async (transaction) => {
        const { numDeletedRows } = await transaction
          .deleteFrom("logged_model_tags")
          .where("model_id", "=", modelId)
          .where("key", "=", key)
          .executeTakeFirst();
        if (numDeletedRows === 0n) throw noSuchTag(modelId, key);
      }),
    deleteLoggedModel: (modelId) => change(modelId, async () => {}, { lifecycle_stage: "deleted" }),
    async searchLoggedModels({ experimentIds, datasets = [], orderDatasets = [], ...query }) {
      const ids = experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number);
      if (ids.length === 0) return { items: [] };
      const scope = [
        sql<SqlBool>`logged_models.experiment_id in (${sql.join(ids)})`,
        ...inView("logged_models", "active"),
        ...(datasets.length ? [measuredOn(datasets)] : []),
      ];
      const searchable = searchableLoggedModels({ datasets, orderDatasets });
      const scopeKey = [ids, datasets, orderDatasets];
      const { keys, ...rest } = await searchPage(engine, searchable, query, {
        ...{ conditions: scope, key: scopeKey },
      });
      const found = keys.map(({ model_id }) => String(model_id));
      return { items: await readLoggedModels(db, found), ...rest };
    },
  };
}

function toRow(
  modelId: string,
  { name, modelType, sourceRunId }: Omit<NewLoggedModel, "experimentId">,
  { experiment_id, artifact_location }: { experiment_id: number; artifact_location: string | null },
  time: number,
) {
  return {
    model_id: modelId,
    experiment_id,
    name: checkModelName(name || `model-${modelId.slice(2, 10)}`),
    model_type: modelType ? checkText("type of a model", "name", modelType) : null,
    source_run_id: sourceRunId || null,
    artifact_location:
      artifact_location && `${artifact_location.replace(/\/+$/, "")}/models/${modelId}/artifacts`,
    status: "PENDING",
    lifecycle_stage: "active",
    creation_time: time,
    last_updated_time: time,
  } as const;
}

/** Inserts entries; of tags the newest value counts, a param keeps its first. */
async function writeEntries(
  db: Database,
  table: "logged_model_params" | "logged_model_tags",
  modelId: string,
  entries: Record<string, string>,
): Promise<void> {
  const kind = table === "logged_model_params" ? "param" : "tag";
  for (const part of inParts(Object.entries(entries))) {
    for (const [key, value] of part) checkEntry(kind, key, value);
    const insert = db
      .insertInto(table)
      .values(part.map(([key, value]) => ({ model_id: modelId, key, value })));
    if (kind === "tag") {
      await insert
        .onConflict((conflict) =>
          conflict.columns(["model_id", "key"]).doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })),
        )
        .execute();
    } else {
      await insert.onConflict((conflict) => conflict.doNothing()).execute();
      await refuseChanged(db, modelId, new Map(part));
    }
  }
}

async function refuseChanged(
  db: Database,
  modelId: string,
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  const stored = await db
    .selectFrom("logged_model_params")
    .select(["key", "value"])
    .where("model_id", "=", modelId)
    .where("key", "in", [...wanted.keys()])
    .execute();
  for (const { key, value } of stored) {
    if (wanted.get(key) === value) continue;
    const [was, got] = [JSON.stringify(value), JSON.stringify(wanted.get(key))];
    throw new StoreError(
      "invalid",
      `param ${key}`,
      `param ${key} of model ${modelId} is ${was} and cannot become ${got}: params keep their first value`,
      { expected: was, got },
    );
  }
}

/** Names of logged models stand in paths and in `models:/` URIs; these are the characters that MLflow refuses. */
function checkModelName(name: string): string {
  checkName("logged model", "name", name);
  if (!/[/:.%"']/.test(name)) return name;
  throw new StoreError(
    "invalid",
    "logged model",
    `the name of a logged model has none of / : . % " ', got ${JSON.stringify(name)}`,
  );
}

const notFound = (modelId: string) =>
  new StoreError(
    "not-found",
    "logged model",
    `there is no logged model with the id ${JSON.stringify(modelId.slice(0, 100))}`,
  );

const noSuchTag = (modelId: string, key: string) =>
  new StoreError("not-found", "tag", `logged model ${modelId} has no tag ${JSON.stringify(key)}`);
