// What runs log, most of all that a store does: batches of several runs go in one transaction.
import { sql } from "kysely";
import type { Metric } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { Database, Engine } from "./engine.ts";
import { insertMetrics } from "./metrics.ts";
import { prepared } from "./prepared.ts";
import { inParts } from "./rows.ts";
import { writeTags } from "./run-tags.ts";
import { together } from "./together.ts";

/** Values that were checked: when the run is there, nothing can be wrong with them. */
export interface CheckedBatch {
  readonly runId: string;
  readonly metrics: readonly Metric[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A function that writes a batch; those that come at once, of whatever runs, share a transaction. */
export function batchLog(engine: Engine): (batch: CheckedBatch) => Promise<void> {
  const stageOfOne = prepared((db) =>
    db
      .selectFrom("runs")
      .select(["run_uuid", "lifecycle_stage"])
      .where("run_uuid", "=", "")
      .modifyEnd(engine.locked),
  );

  async function stagesOf(db: Database, runIds: readonly string[]) {
    if (runIds.length === 1) return (await stageOfOne(db, runIds)).rows;
    const rows = [];
    for (const part of inParts(runIds)) {
      const found = db
        .selectFrom("runs")
        .select(["run_uuid", "lifecycle_stage"])
        .where("run_uuid", "in", part)
        // The same order for all, so that two servers which lock the same runs wait and do not deadlock.
        .orderBy(sql`run_uuid`)
        .modifyEnd(engine.locked);
      rows.push(...(await found.execute()));
    }
    return rows;
  }

  return together<CheckedBatch>((batches) =>
    engine.transaction(async (transaction) => {
      const runIds = [...new Set(batches.map(({ runId }) => runId))];
      const stages = new Map(
        (await stagesOf(transaction, runIds)).map((row) => [row.run_uuid, row.lifecycle_stage]),
      );
      const errors = batches.map(({ runId }) => refusal(runId, stages.get(runId)));
      const written = batches.filter((_, i) => errors[i] === undefined);
      await insertMetrics(transaction, written);
      for (const { runId, tags } of written) await writeTags(transaction, runId, tags);
      return errors;
    }),
  );
}

/** Why a run cannot be written to, if it cannot. */
export function refusal(runId: string, stage: "active" | "deleted" | undefined): StoreError | undefined {
  if (stage === undefined) return runNotFound(runId);
  if (stage === "active") return undefined;
  return new StoreError("invalid", "run", `run ${runId} is deleted; restore it before writing to it`);
}

export function runNotFound(runId: string): StoreError {
  const shown = JSON.stringify(runId.slice(0, 100));
  return new StoreError("not-found", "run", `there is no run with the id ${shown}`);
}
