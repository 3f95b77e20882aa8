import { z } from "zod";
import {
  entries,
  experimentId,
  experimentIds,
  int64,
  optionalText,
  requiredText,
  runId,
  runTag,
  search,
  toRecord,
  view,
} from "./fields.ts";
import { printRuns, runInfoReply, runReply, toRun, toRunInfo } from "./replies.ts";
import { route } from "./route.ts";

const nothing = z.object({});

const createRun = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/create",
  request: z.object({
    experiment_id: experimentId,
    run_name: optionalText,
    start_time: int64.nullish(),
    user_id: optionalText,
    tags: entries({ key: requiredText, value: runTag }),
  }),
  response: z.object({ run: runReply }),
  async handle({ experiment_id, run_name, start_time, user_id, tags }, { store }) {
    const run = await store.createRun({
      experimentId: experiment_id,
      isPlacedByExperiment: true,
      ...(run_name !== undefined && { name: run_name }),
      // Clients that predate run start times send none or 0.
      ...(start_time ? { startTime: start_time } : {}),
      tags: { ...(user_id !== undefined && { "mlflow.user": user_id }), ...toRecord(tags) },
    });
    return { run: toRun(run) };
  },
});

const getRun = route({
  method: "GET",
  path: "/api/2.0/mlflow/runs/get",
  request: runId,
  response: z.object({ run: runReply }),
  async handle({ runId }, { store }) {
    return { run: toRun(await store.getRun(runId)) };
  },
});

const updateRun = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/update",
  request: runId.and(
    z.object({
      status: z
        .enum(
          ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"],
          "must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED",
        )
        .nullish(),
      end_time: int64.nullish(),
      run_name: optionalText,
    }),
  ),
  response: z.object({ run_info: runInfoReply }),
  async handle({ runId, status, end_time, run_name }, { store }) {
    const run = await store.updateRun(runId, {
      ...(status && { status }),
      ...(end_time && { endTime: end_time }),
      ...(run_name !== undefined && { name: run_name }),
    });
    return { run_info: toRunInfo(run) };
  },
});

const deleteRun = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/delete",
  request: runId,
  response: nothing,
  async handle({ runId }, { store }) {
    await store.deleteRun(runId);
    return {};
  },
});

const restoreRun = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/restore",
  request: runId,
  response: nothing,
  async handle({ runId }, { store }) {
    await store.restoreRun(runId);
    return {};
  },
});

const searchRuns = route({
  method: "POST",
  path: "/api/2.0/mlflow/runs/search",
  needs: "read",
  request: search.and(z.object({ experiment_ids: experimentIds, run_view_type: view })),
  response: z.instanceof(Response),
  async handle({ experiment_ids, run_view_type, ...query }, { store }) {
    const runs = { ...query, experimentIds: experiment_ids, view: run_view_type };
    // Most of a page are metrics: they go from the database to the client without becoming objects on the way.
    const body = await printRuns(await store.searchPrintedRuns(runs));
    return new Response(body, { headers: { "content-type": "application/json" } });
  },
});

export const runRoutes = [createRun, getRun, updateRun, deleteRun, restoreRun, searchRuns];
