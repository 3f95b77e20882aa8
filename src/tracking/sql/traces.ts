import { type SqlBool, sql } from "kysely";
import { StoreError } from "../store-error.ts";
import type { Trace, TraceSelection, TraceState, TraceStore } from "../trace.ts";
import type { Database, Engine } from "./engine.ts";
import { existingRow as existingExperiment, wrongStage } from "./experiments.ts";
import { checkEntry, checkInteger, checkName, checkText } from "./limits.ts";
import { inParts, recordOf } from "./rows.ts";
import { searchPage } from "./search.ts";
import type { Searchable } from "./searchable.ts";

const searchableTraces: Searchable = {
  subject: "traces",
  table: "trace_info",
  identity: [{ column: "request_id" }],
  attributes: {
    trace_id: { column: "request_id", type: "text" },
    request_id: { column: "request_id", type: "text" },
    client_request_id: { column: "client_request_id", type: "text", nullable: true },
    status: { column: "status", type: "text" },
    state: { column: "status", type: "text" },
    timestamp: { column: "timestamp_ms", type: "number" },
    timestamp_ms: { column: "timestamp_ms", type: "number" },
    request_time: { column: "timestamp_ms", type: "number" },
    execution_time: { column: "execution_time_ms", type: "number", nullable: true },
    execution_time_ms: { column: "execution_time_ms", type: "number", nullable: true },
    execution_duration: { column: "execution_time_ms", type: "number", nullable: true },
    name: { tag: "mlflow.traceName", type: "text" },
    run_id: { metadata: "mlflow.sourceRun", type: "text" },
  },
  keyed: {
    tag: { table: "trace_tags", type: "text" },
    metadata: { table: "trace_request_metadata", type: "text" },
  },
  defaultOrder: [{ key: "timestamp_ms", descending: true }],
};

/** Traces in SQL. */
export function sqlTraces(engine: Engine): TraceStore {
  const { db } = engine;

  async function getTrace(traceId: string): Promise<Trace> {
    const [trace] = await readTraces(db, [traceId]);
    if (trace) return trace;
    throw notFound(traceId);
  }

  async function putTrace(trace: Trace): Promise<Trace> {
    checkTrace(trace);
    await engine.transaction(async (transaction) => {
      const experiment = await existingExperiment(transaction, trace.experimentId);
      if (experiment.lifecycle_stage === "deleted") throw wrongStage(experiment);
      const row = toRow(trace, experiment.experiment_id);
      await transaction
        .insertInto("trace_info")
        .values({ request_id: trace.traceId, ...row })
        .onConflict((conflict) => conflict.column("request_id").doUpdateSet(row))
        .execute();
      await writeEntries(transaction, "trace_request_metadata", trace.traceId, trace.metadata);
      await writeEntries(transaction, "trace_tags", trace.traceId, trace.tags);
    });
    return getTrace(trace.traceId);
  }

  return {
    putTrace,
    getTrace,
    getTraces: (traceIds) => readTraces(db, traceIds),
    async searchTraces({ experimentIds, ...query }) {
      const ids = experimentIds.filter((id) => /^\d{1,15}$/.test(id)).map(Number);
      if (ids.length === 0) return { items: [] };
      const scope = [sql<SqlBool>`trace_info.experiment_id in (${sql.join(ids)})`];
      const { keys, ...rest } = await searchPage(engine, searchableTraces, query, {
        conditions: scope,
        key: ids,
      });
      const found = keys.map(({ request_id }) => String(request_id));
      return { items: await readTraces(db, found), ...rest };
    },
    setTraceTag: (traceId, key, value) =>
      engine.transaction(async (transaction) => {
        await existing(transaction, traceId);
        await writeEntries(transaction, "trace_tags", traceId, { [key]: value });
      }),
    deleteTraceTag: (traceId, key) =>
      engine.transaction(async (transaction) => {
        await existing(transaction, traceId);
        const { numDeletedRows } = await transaction
          .deleteFrom("trace_tags")
          .where("request_id", "=", traceId)
          .where("key", "=", key)
          .executeTakeFirst();
        if (numDeletedRows === 0n)
          throw new StoreError("not-found", "tag", `trace ${traceId} has no tag ${JSON.stringify(key)}`);
      }),
    deleteTraces: (experimentId, which) =>
      engine.transaction(async (transaction) => {
        const { experiment_id } = await existingExperiment(transaction, experimentId);
        const traceIds = await select(transaction, experiment_id, which);
        for (const part of inParts(traceIds))
          await transaction.deleteFrom("trace_info").where("request_id", "in", part).execute();
        return traceIds;
      }),
  };
}

async function select(db: Database, experimentId: number, which: TraceSelection): Promise<string[]> {
  const all = db
    .selectFrom("trace_info")
    .select("request_id")
    .where("experiment_id", "=", experimentId)
    .orderBy("timestamp_ms")
    .orderBy("request_id");
  if ("traceIds" in which) {
    const found: string[] = [];
    for (const part of inParts(which.traceIds)) {
      const rows = await all.where("request_id", "in", part).execute();
      found.push(...rows.map(({ request_id }) => request_id));
    }
    return found;
  }
  const until = all.where("timestamp_ms", "<=", which.until);
  const rows = await (which.atMost === undefined ? until : until.limit(which.atMost)).execute();
  return rows.map(({ request_id }) => request_id);
}

/** Whole traces in the order of their ids; an id without a trace is left out. */
async function readTraces(db: Database, traceIds: readonly string[]): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const part of inParts(traceIds)) {
    const rows = await db.selectFrom("trace_info").selectAll().where("request_id", "in", part).execute();
    const tags = await db.selectFrom("trace_tags").selectAll().where("request_id", "in", part).execute();
    const metadata = await db
      .selectFrom("trace_request_metadata")
      .selectAll()
      .where("request_id", "in", part)
      .execute();
    const rowOf = new Map(rows.map((row) => [row.request_id, row]));
    const tagsOf = Map.groupBy(tags, (row) => row.request_id);
    const metadataOf = Map.groupBy(metadata, (row) => row.request_id);
    for (const traceId of part) {
      const row = rowOf.get(traceId);
      if (!row) continue;
      traces.push({
        traceId,
        experimentId: String(row.experiment_id),
        requestTime: row.timestamp_ms,
        ...(row.execution_time_ms !== null && { duration: row.execution_time_ms }),
        state: row.status as TraceState,
        ...(row.client_request_id !== null && { clientRequestId: row.client_request_id }),
        ...(row.request_preview !== null && { requestPreview: row.request_preview }),
        ...(row.response_preview !== null && { responsePreview: row.response_preview }),
        metadata: recordOf(metadataOf.get(traceId) ?? []),
        tags: recordOf(tagsOf.get(traceId) ?? []),
      });
    }
  }
  return traces;
}

function checkTrace(trace: Trace): void {
  checkName("trace", "alias", trace.traceId);
  checkInteger("time of a trace", trace.requestTime);
  if (trace.duration !== undefined) checkInteger("duration of a trace", trace.duration);
  for (const text of [trace.clientRequestId, trace.requestPreview, trace.responsePreview])
    if (text !== undefined) checkText(`preview of trace ${trace.traceId}`, "description", text);
}

const toRow = (trace: Trace, experiment_id: number) => ({
  experiment_id,
  timestamp_ms: trace.requestTime,
  execution_time_ms: trace.duration ?? null,
  status: trace.state,
  client_request_id: trace.clientRequestId ?? null,
  request_preview: trace.requestPreview ?? null,
  response_preview: trace.responsePreview ?? null,
});

async function writeEntries(
  db: Database,
  table: "trace_tags" | "trace_request_metadata",
  traceId: string,
  entries: Record<string, string>,
): Promise<void> {
  for (const part of inParts(Object.entries(entries))) {
    for (const [key, value] of part) checkEntry("tag", key, value);
    await db
      .insertInto(table)
      .values(part.map(([key, value]) => ({ request_id: traceId, key, value })))
      .onConflict((conflict) =>
        conflict.columns(["request_id", "key"]).doUpdateSet((eb) => ({ value: eb.ref("excluded.value") })),
      )
      .execute();
  }
}

async function existing(db: Database, traceId: string): Promise<void> {
  const row = await db
    .selectFrom("trace_info")
    .select("request_id")
    .where("request_id", "=", traceId)
    .executeTakeFirst();
  if (!row) throw notFound(traceId);
}

const notFound = (traceId: string) =>
  new StoreError(
    "not-found",
    "trace",
    `there is no trace with the id ${JSON.stringify(traceId.slice(0, 100))}`,
  );
