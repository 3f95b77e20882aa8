import { type Expression, type SqlBool, sql } from "kysely";
import type { Metric, PrintedRun, Run } from "../store.ts";
import { datasetTags, toDataset } from "./datasets.ts";
import type { Engine } from "./engine.ts";
import { inParts, setOwn } from "./rows.ts";
import { toRunModels } from "./run-models.ts";

/** Whole runs in the order of their ids; an id without a run is left out. Six queries for up to a thousand runs. */
export async function readRuns(engine: Engine, runIds: readonly string[]): Promise<Run[]> {
  return readWith(engine, runIds, async (ofRuns) => {
    const metrics = await latestOf(engine, ofRuns);
    return (runId) => ({ metrics: metrics.get(runId) ?? {} });
  });
}

/** The same, their metrics as JSON that the database has written. */
export async function readPrintedRuns(engine: Engine, runIds: readonly string[]): Promise<PrintedRun[]> {
  return readWith(engine, runIds, async (ofRuns) => {
    const metrics = await printedLatestOf(engine, ofRuns);
    return (runId) => ({ metricsJson: `[${metrics.get(runId) ?? ""}]` });
  });
}

/** @param readMetrics of some runs, as a function that tells those of one */
async function readWith<Metrics>(
  engine: Engine,
  runIds: readonly string[],
  readMetrics: (ofRuns: Expression<SqlBool>) => Promise<(runId: string) => Metrics>,
): Promise<(Omit<Run, "metrics"> & Metrics)[]> {
  const { db } = engine;
  const runs: (Omit<Run, "metrics"> & Metrics)[] = [];
  for (const part of inParts(runIds)) {
    const ofThese = engine.amongIds(sql.ref("run_uuid"), part);
    const rows = await db.selectFrom("runs").selectAll().where(ofThese).execute();
    const params = await textsOf(engine, "params", ofThese);
    const tags = await textsOf(engine, "tags", ofThese);
    const metricsOf = await readMetrics(ofThese);
    const datasets = await db.selectFrom("run_datasets").selectAll().where(ofThese).orderBy("name").execute();

    const contexts = await datasetTags(
      db,
      datasets.map(({ input_uuid }) => input_uuid),
    );
    const models = await db.selectFrom("run_models").selectAll().where(ofThese).execute();

    const rowOf = new Map(rows.map((row) => [row.run_uuid, row]));
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
        params: params.get(runId) ?? {},
        ...metricsOf(runId),
        tags: tags.get(runId) ?? {},
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

/** Params or tags of each run. */
async function textsOf(engine: Engine, table: "params" | "tags", ofRuns: Expression<SqlBool>) {
  const query = engine.db.selectFrom(table).select(["run_uuid", "key", "value"]).where(ofRuns);
  const recordOf = records<string>();
  for (const row of (await engine.lists(query)) as [string, string, string][])
    setOwn(recordOf(row[0]), row[1], row[2]);
  return recordOf.all;
}

/** The latest metrics of each run. */
async function latestOf(engine: Engine, ofRuns: Expression<SqlBool>) {
  const query = engine.db
    .selectFrom("latest_metrics")
    .select(["run_uuid", "key", "value", "is_nan", "timestamp", "step"])
    .where(ofRuns);
  const recordOf = records<Metric>();
  type Row = [...[string, string], ...[number, number, number, number]];
  // By index: to take a hundred thousand lists apart by a pattern takes four times as long.
  for (const row of (await engine.lists(query)) as Row[]) {
    const metric = { key: row[1], value: row[3] ? Number.NaN : row[2], timestamp: row[4], step: row[5] };
    setOwn(recordOf(row[0]), row[1], metric);
  }
  return recordOf.all;
}

/** The latest metrics of each run as JSON, with a comma between two. */
async function printedLatestOf(engine: Engine, ofRuns: Expression<SqlBool>): Promise<Map<string, string>> {
  const column = (name: string) => engine.json(sql.ref(name));
  const value = sql<string>`case
    when is_nan = 1 then '"NaN"'
    when value > 1.7976931348623157e308 then '"Infinity"'
    when value < -1.7976931348623157e308 then '"-Infinity"'
    else ${column("value")} end`;
  const text = sql<string>`'{"key":' || ${column("key")} || ',"value":' || ${value}
    || ',"timestamp":' || ${sql.ref("timestamp")} || ',"step":' || step || '}'`;
  const query = engine.db
    .selectFrom("latest_metrics")
    .select(["run_uuid", engine.joined(text).as("metrics")])
    .where(ofRuns)
    .groupBy("run_uuid");
  return new Map((await engine.lists(query)) as [string, string][]);
}

/** A record for each run, made when it is asked for. Rows of a run come one after the other. */
function records<Value>() {
  const all = new Map<string, Record<string, Value>>();
  let last = "";
  let record: Record<string, Value> = {};
  const recordOf = (runId: string): Record<string, Value> => {
    if (runId === last) return record;
    last = runId;
    record = all.get(runId) ?? {};
    all.set(runId, record);
    return record;
  };
  return Object.assign(recordOf, { all });
}
