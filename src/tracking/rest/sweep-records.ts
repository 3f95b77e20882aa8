// Records of sweeps and of the registry's history as Havn's own routes send them: the store's, as they are.
import { z } from "zod";
import type { Json } from "../prediction.ts";
import type { RegistryEvent } from "../registry-events.ts";
import type { Sweep, Trial, TrialEnd } from "../sweeps.ts";

const json: z.ZodType<Json, Json> = z.json();
export const jsonRecord = z.record(z.string(), json).readonly();

export const sweepStatus = z.enum(["RUNNING", "FINISHED", "STOPPED"]);

export const sweepRecord = z.object({
  sweepId: z.string(),
  project: z.string(),
  name: z.string(),
  definition: jsonRecord,
  overrides: z.array(z.string()).readonly(),
  seed: z.int(),
  status: sweepStatus,
  user: z.string(),
  creationTime: z.int(),
  lastUpdateTime: z.int(),
}) satisfies z.ZodType<Sweep>;

export const trialRecord = z.object({
  sweepId: z.string(),
  number: z.int(),
  parameters: jsonRecord,
  status: z.enum(["WAITING", "RUNNING", "FINISHED", "STOPPED_EARLY", "FAILED"]),
  attempts: z.int(),
  agent: z.string().exactOptional(),
  leaseUntil: z.int().exactOptional(),
  runId: z.string().exactOptional(),
  value: z.number().exactOptional(),
  error: z.string().exactOptional(),
  startTime: z.int(),
  endTime: z.int().exactOptional(),
}) satisfies z.ZodType<Trial>;

export const trialEnd = z.discriminatedUnion("status", [
  z.object({ status: z.literal("FINISHED"), value: z.number() }),
  z.object({ status: z.literal("STOPPED_EARLY"), value: z.number().optional() }),
  z.object({ status: z.literal("FAILED"), error: z.string() }),
]) satisfies z.ZodType<TrialEnd>;

export const registryEventRecord = z.object({
  name: z.string(),
  number: z.int(),
  kind: z.enum(["version-created", "alias-set", "alias-deleted"]),
  time: z.int(),
  user: z.string(),
  version: z.int().exactOptional(),
  alias: z.string().exactOptional(),
  previousVersion: z.int().exactOptional(),
}) satisfies z.ZodType<RegistryEvent>;
