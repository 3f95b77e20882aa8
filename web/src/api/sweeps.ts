import * as z from "zod/mini";
import { request } from "./request.ts";

const status = z.enum(["RUNNING", "FINISHED", "STOPPED"]);

const sweep = z.object({
  sweepId: z.string(),
  project: z.string(),
  name: z.string(),
  definition: z.looseObject({ method: z.string(), run_cap: z.optional(z.number()) }),
  status,
  user: z.string(),
  /** Milliseconds since 1970, as all times here. */
  creationTime: z.number(),
});

export type Sweep = z.output<typeof sweep>;

const trial = z.object({
  number: z.number(),
  parameters: z.record(z.string(), z.json()),
  status: z.enum(["WAITING", "RUNNING", "FINISHED", "STOPPED_EARLY", "FAILED"]),
  runId: z.optional(z.string()),
  value: z.optional(z.number()),
  error: z.optional(z.string()),
  startTime: z.number(),
  endTime: z.optional(z.number()),
});

export type Trial = z.output<typeof trial>;

const axis = z.union([
  z.object({ key: z.string(), kind: z.literal("number"), scale: z.enum(["linear", "log"]) }),
  z.object({ key: z.string(), kind: z.literal("category"), values: z.array(z.string()) }),
]);

export type ParallelAxis = z.output<typeof axis>;

const results = z.object({
  sweep,
  metric: z.object({ name: z.string(), goal: z.enum(["minimize", "maximize"]) }),
  trials: z.array(trial),
  best: z.optional(trial),
  importance: z.array(
    z.object({ key: z.string(), importance: z.number(), correlation: z.optional(z.number()) }),
  ),
  parallel: z.object({
    axes: z.array(axis),
    rows: z.array(z.object({ trial: z.number(), values: z.array(z.union([z.number(), z.string()])) })),
  }),
});

export type SweepResults = z.output<typeof results>;

/** Newest first. */
export async function listSweeps(signal?: AbortSignal): Promise<Sweep[]> {
  const answer = await request("api/2.0/havn/sweeps/list", z.object({ sweeps: z.array(sweep) }), {
    ...(signal && { signal }),
  });
  return answer.sweeps;
}

export const getSweepResults = (sweepId: string, signal?: AbortSignal): Promise<SweepResults> =>
  request("api/2.0/havn/sweeps/results", results, { query: { sweepId }, ...(signal && { signal }) });
