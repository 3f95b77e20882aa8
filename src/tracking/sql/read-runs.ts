import type { Run } from "../store.ts";
import { datasetTags, toDataset } from "./datasets.ts";
import type { Database } from "./engine.ts";
import { toMetric } from "./metrics.ts";
import { inParts, recordOf } from "./rows.ts";
import { toRunModels } from "./run-models.ts";

/** Whole runs in the order of their ids; an id without a run is left out. Five queries for up to a thousand runs. */
export async function readRuns(db: Database, runIds: readonly string[]): Promise<Run[]> {
  const runs: Run[] = [];
  for (const part of inParts(runIds)) {
    const rows = await db.selectFrom("runs").selectAll().where("run_uuid", "in", part).execute();
    const params = await db.selectFrom("params").selectAll().where("run_uuid", "in", part).execute();
    const tags = await db.selectFrom("tags").selectAll().where("run_uuid", "in", part).execute();
    const metrics = await db.selectFrom("latest_metrics").selectAll().where("run_uuid", "in", part).execute();
    const datasets = await db
      .selectFrom("run_datasets")
      .selectAll()
      .where("run_uuid", "in", part)
      .orderBy("name")
      .execute();

    const contexts = await datasetTags(
      db,
      datasets.map(({ input_uuid }) => input_uuid),
    );
    const models = await db.selectFrom("run_models").selectAll().where("run_uuid", "in", part).execute();

    const rowOf = new Map(rows.map((row) => [row.run_uuid, row]));
    const [paramsOf, tagsOf, metricsOf] = [byRun(params), byRun(tags), byRun(metrics)];
    const [datasetsOf, modelsOf] = [byRun(datasets), byRun(models)];
    for (const runId of part) {
      const row = rowOf.get(runId);
      if (!row) continue;
      runs.push({
        runId,
        experimentId: String(row.experiment_id),
        name: row.name,
        status: row.status,
        lifecycleStage: row.lifecycle_stage,
        startTime: row.start_time,
        ...(row.end_time !== null && { endTime: row.end_time }),
        params: recordOf(paramsOf.get(runId) ?? []),
        metrics: Object.fromEntries(
          (metricsOf.get(runId) ?? []).map((metric) => [metric.key, toMetric(metric)]),
        ),
        tags: recordOf(tagsOf.get(runId) ?? []),
        datasets: (datasetsOf.get(runId) ?? []).map((dataset) =>
          toDataset(dataset, contexts.get(dataset.input_uuid)),
        ),
        ...toRunModels(modelsOf.get(runId) ?? []),
        ...(row.artifact_uri !== null && { artifactUri: row.artifact_uri }),
      });
    }
  }
  return runs;
}

const byRun = <Row extends { run_uuid: string }>(rows: readonly Row[]) =>
  Map.groupBy(rows, (row) => row.run_uuid);
