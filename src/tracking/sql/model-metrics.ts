import type { Metric } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database } from "./engine.ts";
import { toRow } from "./metrics.ts";
import { inParts } from "./rows.ts";

/** Writes what a run has measured of logged models; other metrics are left out. */
export async function insertModelMetrics(
  db: Database,
  runId: string,
  metrics: readonly Metric[],
): Promise<void> {
  const ofModels = metrics.flatMap((metric) =>
    metric.modelId === undefined ? [] : [{ ...metric, modelId: metric.modelId }],
  );
  if (ofModels.length === 0) return;
  await requireModels(db, [...new Set(ofModels.map(({ modelId }) => modelId))]);
  for (const part of inParts(ofModels)) {
    await db
      .insertInto("logged_model_metrics")
      .values(
        part.map((metric) => {
          const { run_uuid, ...row } = toRow(runId, metric);
          return {
            ...row,
            run_id: run_uuid,
            model_id: metric.modelId,
            dataset_name: metric.datasetName ?? "",
            dataset_digest: metric.datasetDigest ?? "",
          };
        }),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** @throws {StoreError} `not-found` for the first that is not there */
export async function requireModels(db: Database, modelIds: readonly string[]): Promise<void> {
  const known = new Set<string>();
  for (const part of inParts(modelIds)) {
    const rows = await db
      .selectFrom("logged_models")
      .select("model_id")
      .where("model_id", "in", part)
      .execute();
    for (const { model_id } of rows) known.add(model_id);
  }
  const missing = modelIds.find((modelId) => !known.has(modelId));
  if (missing === undefined) return;
  const message = `there is no logged model with the id ${JSON.stringify(missing.slice(0, 100))}`;
  throw new StoreError("not-found", "logged model", message);
}
