import { randomBytes } from "node:crypto";
import { StoreError } from "../store-error.ts";
import {
  mostAttempts,
  type NewSweep,
  type Sweep,
  type SweepStore,
  type Trial,
  type TrialClaim,
  type TrialEnd,
} from "../sweeps.ts";
import type { Database, Engine } from "./engine.ts";
import { checkInteger, checkName, checkText } from "./limits.ts";
import type { Tables } from "./tables.ts";

/**
 * Sweeps and trials in SQL.
 * @param owner who starts a sweep, unless its maker says another
 */
export function sqlSweeps(engine: Engine, now: () => number, owner: string): SweepStore {
  const { db } = engine;

  async function createSweep({ project, name, definition, overrides, seed, user = owner }: NewSweep) {
    checkName("project of a sweep", "name", project);
    checkName("sweep", "name", name);
    checkInteger("seed of a sweep", seed);
    const time = now();
    // Short enough to type; a second of the same name would be refused by the primary key.
    const sweepId = randomBytes(5).toString("hex");
    await db
      .insertInto("sweeps")
      .values({
        sweep_id: sweepId,
        project,
        name,
        definition: toJson("definition of a sweep", definition),
        overrides: toJson("overrides of a sweep", overrides),
        seed,
        status: "RUNNING",
        created_by: checkText("user", "name", user),
        creation_time: time,
        last_update_time: time,
      })
      .execute();
    return getSweep(sweepId);
  }

  async function getSweep(sweepId: string): Promise<Sweep> {
    const row = await db.selectFrom("sweeps").selectAll().where("sweep_id", "=", sweepId).executeTakeFirst();
    if (row) return toSweep(row);
    throw notFound(sweepId);
  }

  async function listTrials(sweepId: string): Promise<Trial[]> {
    await getSweep(sweepId);
    return (await trialsOf(db, sweepId)).map(toTrial);
  }

  /** Changes a trial that is the agent's. */
  async function changeOwn(
    sweepId: string,
    number: number,
    agent: string,
    change: Partial<Tables["trials"]>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable("trials")
      .set(change)
      .where("sweep_id", "=", sweepId)
      .where("number", "=", number)
      .where("agent", "=", agent)
      .where("status", "=", "RUNNING")
      .executeTakeFirst();
    if (numUpdatedRows > 0n) return true;
    const trials = await listTrials(sweepId);
    if (trials.some((trial) => trial.number === number)) return false;
    throw new StoreError("not-found", "trial", `sweep ${sweepId} has no trial ${number}`);
  }

  return {
    createSweep,
    getSweep,
    listTrials,
    async listSweeps({ project } = {}) {
      const all = db.selectFrom("sweeps").selectAll();
      const chosen = project === undefined ? all : all.where("project", "=", project);
      const rows = await chosen.orderBy("creation_time", "desc").orderBy("sweep_id").execute();
      return rows.map(toSweep);
    },
    async setSweepStatus(sweepId, status) {
      await touch(db, sweepId, { status, last_update_time: now() });
      return getSweep(sweepId);
    },
    claimTrial: (sweepId, claim) =>
      engine.transaction(async (transaction) => {
        const time = now();
        // The row of the sweep is the lock for its trials.
        const sweep = await touch(transaction, sweepId, { last_update_time: time });
        if (sweep.status !== "RUNNING") return undefined;
        return claimWithin(transaction, sweepId, claim, time);
      }),
    renewTrial: (sweepId, number, { agent, leaseMs, runId }) =>
      changeOwn(sweepId, number, agent, {
        lease_until: now() + leaseMs,
        ...(runId !== undefined && { run_uuid: runId }),
      }),
    async endTrial(sweepId, number, agent, end) {
      return changeOwn(sweepId, number, agent, { ...endOf(end), end_time: now(), lease_until: null });
    },
    giveBackTrial: (sweepId, number, agent) =>
      changeOwn(sweepId, number, agent, { status: "WAITING", lease_until: null }),
  };
}

/** Within a transaction that holds the sweep. */
async function claimWithin(
  db: Database,
  sweepId: string,
  { agent, leaseMs, proposal }: TrialClaim,
  time: number,
): Promise<Trial | undefined> {
  checkName("agent", "name", agent);
  const trials = await trialsOf(db, sweepId);
  const taken = { agent, status: "RUNNING", lease_until: time + leaseMs, start_time: time } as const;
  // An agent has one trial at a time: it asks again where the answer did not reach it.
  const own = trials.find((trial) => trial.agent === agent && trial.status === "RUNNING");
  if (own) return toTrial(own);
  for (const trial of trials) {
    const isExpired = trial.status === "RUNNING" && (trial.lease_until ?? 0) <= time;
    if (!isExpired && trial.status !== "WAITING") continue;
    const isHopeless = isExpired && trial.attempts >= mostAttempts;
    const error = `its agent died ${trial.attempts} times, last ${trial.agent}`;
    const change = isHopeless
      ? ({ status: "FAILED", error, end_time: time, lease_until: null } as const)
      : { ...taken, attempts: trial.attempts + (isExpired ? 1 : 0) };
    await db
      .updateTable("trials")
      .set(change)
      .where("sweep_id", "=", sweepId)
      .where("number", "=", trial.number)
      .execute();
    if (!isHopeless) return toTrial({ ...trial, ...change });
  }
  if (!proposal || proposal.number !== (trials.at(-1)?.number ?? 0) + 1) return undefined;
  const parameters = toJson("parameters of a trial", proposal.parameters);
  const row = {
    ...{ ...taken, sweep_id: sweepId, number: proposal.number, parameters, attempts: 1 },
    ...{ run_uuid: null, value: null, error: null, end_time: null },
  };
  await db.insertInto("trials").values(row).execute();
  return toTrial(row);
}

const trialsOf = (db: Database, sweepId: string): Promise<Tables["trials"][]> =>
  db.selectFrom("trials").selectAll().where("sweep_id", "=", sweepId).orderBy("number").execute();

/** Changes the row of a sweep and hands it back. @throws {StoreError} `not-found` */
async function touch(
  db: Database,
  sweepId: string,
  change: Partial<Tables["sweeps"]>,
): Promise<Tables["sweeps"]> {
  const row = await db
    .updateTable("sweeps")
    .set(change)
    .where("sweep_id", "=", sweepId)
    .returningAll()
    .executeTakeFirst();
  if (row) return row;
  throw notFound(sweepId);
}

function endOf(end: TrialEnd): Partial<Tables["trials"]> {
  if (end.status === "FAILED")
    return { status: end.status, error: checkText("error of a trial", "tag", end.error.slice(0, 4000)) };
  const { value } = end;
  if (value !== undefined && !Number.isFinite(value))
    throw new StoreError("invalid", "trial", `the value of a trial must be a finite number, got ${value}`);
  return { status: end.status, value: value ?? null };
}

const toJson = (subject: string, value: unknown): string =>
  checkText(subject, "description", JSON.stringify(value));

function toSweep(row: Tables["sweeps"]): Sweep {
  return {
    sweepId: row.sweep_id,
    project: row.project,
    name: row.name,
    definition: JSON.parse(row.definition),
    overrides: JSON.parse(row.overrides),
    seed: row.seed,
    status: row.status,
    user: row.created_by,
    creationTime: row.creation_time,
    lastUpdateTime: row.last_update_time,
  };
}

function toTrial(row: Tables["trials"]): Trial {
  return {
    sweepId: row.sweep_id,
    number: row.number,
    parameters: JSON.parse(row.parameters),
    status: row.status,
    attempts: row.attempts,
    ...(row.agent !== null && { agent: row.agent }),
    ...(row.lease_until !== null && { leaseUntil: row.lease_until }),
    ...(row.run_uuid !== null && { runId: row.run_uuid }),
    ...(row.value !== null && { value: row.value }),
    ...(row.error !== null && { error: row.error }),
    startTime: row.start_time,
    ...(row.end_time !== null && { endTime: row.end_time }),
  };
}

const notFound = (sweepId: string) =>
  new StoreError("not-found", "sweep", `there is no sweep ${JSON.stringify(sweepId.slice(0, 100))}`);
