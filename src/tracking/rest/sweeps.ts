import { z } from "zod";
import { int64, optionalText, requiredText } from "./fields.ts";
import { route } from "./route.ts";
import {
  jsonRecord,
  registryEventRecord,
  sweepRecord,
  sweepStatus,
  trialEnd,
  trialRecord,
} from "./sweep-records.ts";

// Havn's own routes, beside those of MLflow: agents of a sweep work through them from other machines.

const sweepId = { sweepId: requiredText };
const trial = { ...sweepId, number: int64, agent: requiredText };
const leaseMs = int64.refine((value) => value > 0, "must be above 0");
const kept = z.object({ kept: z.boolean() });

const createSweep = route({
  method: "POST",
  path: "/api/2.0/havn/sweeps/create",
  request: z.object({
    project: requiredText,
    name: requiredText,
    definition: jsonRecord,
    overrides: z.array(z.string()).max(1000),
    seed: int64,
    user: optionalText,
  }),
  response: z.object({ sweep: sweepRecord }),
  handle: async (sweep, { store }) => ({ sweep: await store.createSweep(sweep) }),
});

const getSweep = route({
  method: "GET",
  path: "/api/2.0/havn/sweeps/get",
  request: z.object(sweepId),
  response: z.object({ sweep: sweepRecord }),
  handle: async ({ sweepId }, { store }) => ({ sweep: await store.getSweep(sweepId) }),
});

const listSweeps = route({
  method: "GET",
  path: "/api/2.0/havn/sweeps/list",
  request: z.object({ project: optionalText }),
  response: z.object({ sweeps: z.array(sweepRecord) }),
  handle: async (query, { store }) => ({ sweeps: await store.listSweeps(query) }),
});

const setSweepStatus = route({
  method: "POST",
  path: "/api/2.0/havn/sweeps/set-status",
  request: z.object({ ...sweepId, status: sweepStatus }),
  response: z.object({ sweep: sweepRecord }),
  handle: async ({ sweepId, status }, { store }) => ({ sweep: await store.setSweepStatus(sweepId, status) }),
});

const listTrials = route({
  method: "GET",
  path: "/api/2.0/havn/trials/list",
  request: z.object(sweepId),
  response: z.object({ trials: z.array(trialRecord) }),
  handle: async ({ sweepId }, { store }) => ({ trials: await store.listTrials(sweepId) }),
});

const claimTrial = route({
  method: "POST",
  path: "/api/2.0/havn/trials/claim",
  request: z.object({
    ...sweepId,
    agent: requiredText,
    leaseMs,
    proposal: z.object({ number: int64, parameters: jsonRecord }).optional(),
  }),
  response: z.object({ trial: trialRecord.optional() }),
  handle: async ({ sweepId, ...claim }, { store }) => ({ trial: await store.claimTrial(sweepId, claim) }),
});

const renewTrial = route({
  method: "POST",
  path: "/api/2.0/havn/trials/renew",
  request: z.object({ ...trial, leaseMs, runId: optionalText }),
  response: kept,
  handle: async ({ sweepId, number, ...renewal }, { store }) => ({
    kept: await store.renewTrial(sweepId, number, renewal),
  }),
});

const endTrial = route({
  method: "POST",
  path: "/api/2.0/havn/trials/end",
  request: z.object({ ...trial, end: trialEnd }),
  response: kept,
  handle: async ({ sweepId, number, agent, end }, { store }) => ({
    kept: await store.endTrial(sweepId, number, agent, end),
  }),
});

const giveBackTrial = route({
  method: "POST",
  path: "/api/2.0/havn/trials/give-back",
  request: z.object(trial),
  response: kept,
  handle: async ({ sweepId, number, agent }, { store }) => ({
    kept: await store.giveBackTrial(sweepId, number, agent),
  }),
});

const listRegistryEvents = route({
  method: "GET",
  path: "/api/2.0/havn/registry-events/list",
  request: z.object({
    name: optionalText,
    limit: int64.refine((limit) => limit > 0 && limit <= 10_000, "must be from 1 to 10000").default(1000),
  }),
  response: z.object({ events: z.array(registryEventRecord) }),
  handle: async (query, { store }) => ({ events: await store.listRegistryEvents(query) }),
});

export const sweepRoutes = [
  createSweep,
  getSweep,
  listSweeps,
  setSweepStatus,
  listTrials,
  claimTrial,
  renewTrial,
  endTrial,
  giveBackTrial,
  listRegistryEvents,
];
