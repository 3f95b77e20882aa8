import type { LoggedModel, ModelMetric } from "../logged-model.ts";
import type { Database } from "./engine.ts";
import type { LoggedTables } from "./logged-tables.ts";
import { inParts, recordOf } from "./rows.ts";

/** Whole models in the order of their ids; an id without a model is left out. */
export async function readLoggedModels(db: Database, modelIds: readonly string[]): Promise<LoggedModel[]> {
  const models: LoggedModel[] = [];
  for (const part of inParts(modelIds)) {
    const rows = await db.selectFrom("logged_models").selectAll().where("model_id", "in", part).execute();
    const params = await db
      .selectFrom("logged_model_params")
      .selectAll()
      .where("model_id", "in", part)
      .execute();
    const tags = await db.selectFrom("logged_model_tags").selectAll().where("model_id", "in", part).execute();
    const metrics = await db
      .selectFrom("logged_model_metrics")
      .selectAll()
      .where("model_id", "in", part)
      .orderBy("timestamp")
      .orderBy("step")
      .orderBy("key")
      .execute();
    const rowOf = new Map(rows.map((row) => [row.model_id, row]));
    const [paramsOf, tagsOf, metricsOf] = [byModel(params), byModel(tags), byModel(metrics)];
    for (const modelId of part) {
      const row = rowOf.get(modelId);
      if (!row) continue;
      models.push({
        ...toModel(row),
        params: recordOf(paramsOf.get(modelId) ?? []),
        tags: recordOf(tagsOf.get(modelId) ?? []),
        metrics: (metricsOf.get(modelId) ?? []).map(toMetric),
      });
    }
  }
  return models;
}

const byModel = <Row extends { model_id: string }>(rows: readonly Row[]) =>
  Map.groupBy(rows, (row) => row.model_id);

const toModel = (row: LoggedTables["logged_models"]) => ({
  modelId: row.model_id,
  experimentId: String(row.experiment_id),
  name: row.name,
  ...(row.model_type !== null && { modelType: row.model_type }),
  ...(row.source_run_id !== null && { sourceRunId: row.source_run_id }),
  ...(row.artifact_location !== null && { artifactUri: row.artifact_location }),
  status: row.status,
  lifecycleStage: row.lifecycle_stage,
  creationTime: row.creation_time,
  lastUpdateTime: row.last_updated_time,
});

const toMetric = (row: LoggedTables["logged_model_metrics"]): ModelMetric => ({
  key: row.key,
  value: row.is_nan ? Number.NaN : row.value,
  timestamp: row.timestamp,
  step: row.step,
  modelId: row.model_id,
  runId: row.run_id,
  ...(row.dataset_name && { datasetName: row.dataset_name }),
  ...(row.dataset_digest && { datasetDigest: row.dataset_digest }),
});
