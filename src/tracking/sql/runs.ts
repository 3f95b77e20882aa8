import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { NewRun, Run, RunBatch, RunQuery, RunStore, RunUpdate } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { searchDatasets, writeDataset } from "./datasets.ts";
import type { Database, Engine } from "./engine.ts";
import { existingRow as existingExperiment, wrongStage } from "./experiments.ts";
import { checkEntry, checkInteger, checkName } from "./limits.ts";
import { batchLog, refusal, runNotFound } from "./log-batches.ts";
import { metricHistory, metricHistoryPage, sampleMetric } from "./metric-history.ts";
import { checkMetrics, insertMetrics } from "./metrics.ts";
import { insertModelMetrics } from "./model-metrics.ts";
import { preparedInsert } from "./prepared.ts";
import { readPrintedRuns, readRuns } from "./read-runs.ts";
import { inParts } from "./rows.ts";
import { writeRunModels } from "./run-models.ts";
import { checkTags, insertTags, nameTag, writeTags } from "./run-tags.ts";
import { searchPage } from "./search.ts";
import { searchableRuns } from "./searchable.ts";
import type { Tables } from "./tables.ts";
import { inView } from "./view.ts";

/** Runs in SQL. */
export function sqlRuns(engine: Engine, now: () => number): RunStore {
  const { db } = engine;
  const log = batchLog(engine);

  async function createRun({
    experimentId,
    name,
    startTime = now(),
    params = {},
    tags = {},
    isPlacedByExperiment = false,
  }: NewRun): Promise<Run> {
    const runId = randomUUID().replaceAll("-", "");
    const runName = checkName("run", "key", name || tags[nameTag] || `run-${runId.slice(0, 8)}`);
    const allTags = byKey({ ...tags, [nameTag]: runName });
    checkInteger("start time", startTime);
    checkTags(allTags);
    const artifactUri = await engine.transaction(async (transaction) => {
      const experiment = await existingExperiment(transaction, experimentId);
      if (experiment.lifecycle_stage === "deleted") throw wrongStage(experiment);
      const artifact_uri = isPlacedByExperiment ? runLocation(experiment.artifact_location, runId) : null;
      await insertRun(transaction, [
        {
          run_uuid: runId,
          name: runName,
          status: "RUNNING",
          start_time: startTime,
          end_time: null,
          deleted_time: null,
          lifecycle_stage: "active",
          experiment_id: experiment.experiment_id,
          artifact_uri,
        },
      ]);
      await writeParams(transaction, runId, params);
      await insertTags(transaction, runId, allTags);
      return artifact_uri;
    });
    return {
      ...{ runId, experimentId, name: runName, status: "RUNNING", lifecycleStage: "active", startTime },
      ...{ params: byKey(params), metrics: {}, tags: allTags, datasets: [] },
      ...(artifactUri !== null && { artifactUri }),
    };
  }

  async function getRun(runId: string): Promise<Run> {
    const [run] = await readRuns(engine, [runId]);
    if (run) return run;
    throw runNotFound(runId);
  }

  /** Does something to a run that is there and not deleted, all or nothing. */
  async function change(
    runId: string,
    how: (transaction: Database, row: Tables["runs"]) => Promise<unknown>,
  ): Promise<void> {
    await engine.transaction(async (transaction) => {
      const row = await transaction
        .selectFrom("runs")
        .selectAll()
        .where("run_uuid", "=", runId)
        .modifyEnd(engine.locked)
        .executeTakeFirst();
      const refused = refusal(runId, row?.lifecycle_stage);
      if (refused || !row) throw refused ?? runNotFound(runId);
      await how(transaction, row);
    });
  }

  async function updateRun(runId: string, { status, endTime, name }: RunUpdate): Promise<Run> {
    if (endTime !== undefined) checkInteger("end time", endTime);
    const goesOn = status === "RUNNING" || status === "SCHEDULED";
    await change(runId, async (transaction, row) => {
      const ended = status === undefined ? row.end_time : goesOn ? null : (row.end_time ?? now());
      await transaction
        .updateTable("runs")
        .set({ status: status ?? row.status, end_time: endTime ?? ended })
        .where("run_uuid", "=", runId)
        .execute();
      if (!name) return;
      checkTags({ [nameTag]: name });
      await writeTags(transaction, runId, { [nameTag]: name });
    });
    return getRun(runId);
  }

  async function setStage(runId: string, stage: Run["lifecycleStage"]): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable("runs")
      .set({ lifecycle_stage: stage, deleted_time: stage === "deleted" ? now() : null })
      .where("run_uuid", "=", runId)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw runNotFound(runId);
  }

  async function logBatch(runId: string, { metrics = [], params = {}, tags = {} }: RunBatch): Promise<void> {
    checkMetrics(metrics);
    checkTags(tags);
    const canBeRefused =
      Object.keys(params).length > 0 || metrics.some(({ modelId }) => modelId !== undefined);
    if (!canBeRefused) return log({ runId, metrics, tags });
    await change(runId, async (transaction) => {
      await writeParams(transaction, runId, params);
      await writeTags(transaction, runId, tags);
      await insertMetrics(transaction, [{ runId, metrics }]);
      await insertModelMetrics(transaction, runId, metrics);
    });
  }

  async function deleteTag(runId: string, key: string): Promise<void> {
    await change(runId, async (transaction) => {
      const { numDeletedRows } = await transaction
        .deleteFrom("tags")
        .where("run_uuid", "=", runId)
        .where("key", "=", key)
        .executeTakeFirst();
      if (numDeletedRows === 0n)
        throw new StoreError("not-found", "tag", `run ${runId} has no tag ${JSON.stringify(key)}`);
    });
  }

  /** @throws {StoreError} `not-found` for the first that is not there */
  async function existing(runIds: readonly string[]): Promise<void> {
    const found = new Set<string>();
    for (const part of inParts(runIds)) {
      const rows = await db.selectFrom("runs").select("run_uuid").where("run_uuid", "in", part).execute();
      for (const { run_uuid } of rows) found.add(run_uuid);
    }
    const missing = runIds.find((runId) => !found.has(runId));
    if (missing !== undefined) throw runNotFound(missing);
  }

  async function findRuns({ experimentIds, view = "active", ...query }: RunQuery) {
    // What is no number is the id of no experiment.
    const ids = experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number);
    if (ids.length === 0) return { runIds: [] };
    const stage = inView("runs", view);
    const several = sql<boolean>`in (${sql.join(ids)})`;
    const isOne = ids.length === 1;
    const { keys, ...rest } = await searchPage(engine, searchableRuns, query, {
      conditions: [sql<boolean>`runs.experiment_id ${isOne ? sql`= ${ids[0]}` : several}`, ...stage],
      // The plus keeps SQLite from sorting what the index of each experiment has.
      ...(!isOne && { walking: [sql<boolean>`+runs.experiment_id ${several}`, ...stage] }),
      ...{ key: [ids, view], isIndexed: isOne ? "one" : "several" },
    });
    return { runIds: keys.map(({ run_uuid }) => String(run_uuid)), ...rest };
  }

  return {
    createRun,
    getRun,
    updateRun,
    deleteRun: (runId) => setStage(runId, "deleted"),
    restoreRun: (runId) => setStage(runId, "active"),
    logBatch,
    deleteTag,
    logDataset: (runId, dataset) =>
      change(runId, (transaction, row) => writeDataset(transaction, row, dataset)),
    logModels: (runId, models) => change(runId, (transaction) => writeRunModels(transaction, runId, models)),
    async metricHistory(runId, key) {
      await existing([runId]);
      return metricHistory(db, runId, key);
    },
    async metricHistoryPage(runId, key, page) {
      await existing([runId]);
      return metricHistoryPage(db, runId, key, page);
    },
    async sampleMetric(runIds, key, options) {
      await existing(runIds);
      const samples = [];
      for (const runId of runIds) samples.push(...(await sampleMetric(db, runId, key, options)));
      return samples;
    },
    searchDatasets: (experimentIds) => searchDatasets(db, experimentIds),
    async searchRuns(query) {
      const { runIds, ...rest } = await findRuns(query);
      return { items: await readRuns(engine, runIds), ...rest };
    },
    async searchPrintedRuns(query) {
      const { runIds, ...rest } = await findRuns(query);
      const parts = [...inParts(runIds)].map((part) => () => readPrintedRuns(engine, part));
      return { parts, ...rest };
    },
  };
}

/** In the order in which the database hands them out. */
const byKey = (record: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Where MLflow puts the files of a run below the location of its experiment. */
const runLocation = (location: string | null, runId: string) =>
  location && `${location.replace(/\/+$/, "")}/${runId}/artifacts`;

const insertRun = preparedInsert<Tables["runs"]>((db, rows) => db.insertInto("runs").values(rows));

/** Inserts what is new; what is there must have the same value. */
async function writeParams(db: Database, runId: string, params: Record<string, string>): Promise<void> {
  for (const part of inParts(Object.entries(params))) {
    for (const [key, value] of part) checkEntry("param", key, value);
    await db
      .insertInto("params")
      .values(part.map(([key, value]) => ({ run_uuid: runId, key, value })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const keys = part.map(([key]) => key);
    const stored = await db
      .selectFrom("params")
      .select(["key", "value"])
      .where("run_uuid", "=", runId)
      .where("key", "in", keys)
      .execute();
    const wanted = new Map(part);
    for (const { key, value } of stored) {
      if (wanted.get(key) !== value) throw paramChanged(runId, key, value, wanted.get(key) ?? "");
    }
  }
}

function paramChanged(runId: string, key: string, old: string, value: string): StoreError {
  const [was, wanted] = [JSON.stringify(old), JSON.stringify(value)];
  return new StoreError(
    "invalid",
    `param ${key}`,
    `param ${key} of run ${runId} is ${was} and cannot become ${wanted}: params keep their first value. ` +
      "Log what changes as a metric or a tag, or start another run.",
    { expected: was, got: wanted },
  );
}
