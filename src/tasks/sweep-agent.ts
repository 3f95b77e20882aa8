/** An agent of a sweep: claims trials, has them run, says how they ended, until there is none to come. */
import { setTimeout as wait } from "node:timers/promises";
import type { Sweep, SweepTracker, Trial, TrialEnd } from "../tracking/index.ts";
import { isHopeless, parseSweep, proposeTrial, type SweepDefinition } from "../train/index.ts";
import { TaskError } from "./task-error.ts";
import { bestOf } from "./training-run.ts";

/** How the process of a trial ended. */
export type TrialOutcome =
  | { readonly status: "finished"; readonly runId: string }
  | { readonly status: "interrupted" }
  | { readonly status: "failed"; readonly error: string };

export interface TrialHooks {
  /** Ends the trial: others are better, the agent stops, or the trial is another agent's now. */
  readonly signal: AbortSignal;
  onRun(runId: string): void;
  /**
   * Told the metrics after each evaluation.
   * @param count which of the run it is, from 1; a run that goes on from a checkpoint goes on counting
   */
  onEvaluation(metrics: Readonly<Record<string, number>>, count: number): void;
}

/** Runs a trial where a crash costs no more than the trial. Never rejects. */
export type RunTrial = (trial: Trial, sweep: Sweep, hooks: TrialHooks) => Promise<TrialOutcome>;

export type SweepEvent =
  | { readonly kind: "trial-started"; readonly trial: Trial }
  | { readonly kind: "evaluation"; readonly trial: Trial; readonly count: number; readonly value: number }
  | { readonly kind: "trial-ended"; readonly trial: Trial; readonly end: TrialEnd }
  | { readonly kind: "trial-given-back"; readonly trial: Trial }
  | { readonly kind: "trial-lost"; readonly trial: Trial }
  | { readonly kind: "store-silent"; readonly error: unknown };

export interface SweepAgentOptions {
  readonly store: SweepTracker;
  readonly sweepId: string;
  /** Who this is: unlike any other agent. */
  readonly agent: string;
  readonly runTrial: RunTrial;
  /** Gives the trial under way back and ends the agent. */
  readonly signal: AbortSignal;
  readonly report?: (event: SweepEvent) => void;
  /** How long a dead agent keeps its trial. */
  readonly leaseMs?: number;
  /** How often to look for work where there is none. */
  readonly pollMs?: number;
}

/** So many trials that fail, and none that does not, are a mistake of the sweep and not of its numbers. */
const hopelessFailures = 3;

/**
 * Works until the sweep has ended or is stopped. The sweep's state is in the store alone: agents come and go.
 * @throws {TaskError} when the first trials have all failed; the sweep is stopped then
 */
export async function sweepAgent(options: SweepAgentOptions): Promise<void> {
  const { store, sweepId, signal, pollMs = 1000, report = () => {} } = options;
  const definition = parseSweep((await store.getSweep(sweepId)).definition);
  while (!signal.aborted) {
    const sweep = await store.getSweep(sweepId);
    if (sweep.status !== "RUNNING") return;
    const trials = await store.listTrials(sweepId);
    await stopIfAllFail(sweep, trials, store);
    const parameters = proposeTrial(definition, trials, sweep);
    const trial = await store.claimTrial(sweepId, {
      agent: options.agent,
      leaseMs: options.leaseMs ?? defaultLeaseMs,
      proposal: parameters && { number: trials.length + 1, parameters },
    });
    if (trial) {
      report({ kind: "trial-started", trial });
      await workOnTrial(trial, sweep, definition, options);
    } else if (!parameters && !(await isGoingOn(store, sweepId))) {
      await store.setSweepStatus(sweepId, "FINISHED");
      return;
    } else if (!parameters) {
      // The agent of a trial that is still running may die.
      await wait(pollMs, undefined, { signal }).catch(() => {});
    }
  }
}

const defaultLeaseMs = 30_000;

async function isGoingOn(store: SweepTracker, sweepId: string): Promise<boolean> {
  const trials = await store.listTrials(sweepId);
  return trials.some(({ status }) => status === "RUNNING" || status === "WAITING");
}

async function stopIfAllFail(
  { sweepId }: Sweep,
  trials: readonly Trial[],
  store: SweepTracker,
): Promise<void> {
  const isLost = trials.length >= hopelessFailures && trials.every(({ status }) => status === "FAILED");
  if (!isLost) return;
  await store.setSweepStatus(sweepId, "STOPPED");
  const last = trials.at(-1)!;
  throw new TaskError(
    `the first ${trials.length} trials of sweep ${sweepId} failed, so it is stopped. Trial ${last.number}: ${last.error}`,
  );
}

/** Has a trial run that the agent has claimed, and says how it ended. */
export const workOnTrial = (
  trial: Trial,
  sweep: Sweep,
  definition: SweepDefinition,
  options: SweepAgentOptions,
): Promise<void> => new TrialUnderWay(trial, sweep, definition, options).work();

/** One trial from its claim to its end, its claim renewed meanwhile. */
class TrialUnderWay {
  readonly #trial: Trial;
  readonly #sweep: Sweep;
  readonly #definition: SweepDefinition;
  readonly #options: SweepAgentOptions;
  /** Values by their evaluation; those before a resumption are missing. */
  readonly #history: number[] = [];
  readonly #stop = new AbortController();
  #reason: "hopeless" | "lost" | "unmeasured" | undefined;
  #runId: string | undefined;
  /** Renewals and judgements one after another. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(trial: Trial, sweep: Sweep, definition: SweepDefinition, options: SweepAgentOptions) {
    this.#trial = trial;
    this.#sweep = sweep;
    this.#definition = definition;
    this.#options = options;
  }

  async work(): Promise<void> {
    const { runTrial, signal, leaseMs = defaultLeaseMs } = this.#options;
    const renewal = setInterval(() => this.#enqueue(() => this.#renew()), leaseMs / 3);
    try {
      const outcome = await runTrial(this.#trial, this.#sweep, {
        signal: AbortSignal.any([signal, this.#stop.signal]),
        onRun: (runId) => this.#onRun(runId),
        onEvaluation: (metrics, count) => this.#onEvaluation(metrics, count),
      });
      await this.#queue;
      await this.#end(outcome);
    } finally {
      clearInterval(renewal);
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      // A server that restarts is not missed before the claim has run out.
      this.#options.report?.({ kind: "store-silent", error });
    });
  }

  async #renew(): Promise<void> {
    const { store, agent, leaseMs = defaultLeaseMs } = this.#options;
    const { sweepId, number } = this.#trial;
    if (await store.renewTrial(sweepId, number, { agent, leaseMs, runId: this.#runId })) return;
    this.#abort("lost");
  }

  #abort(reason: "hopeless" | "lost" | "unmeasured"): void {
    this.#reason ??= reason;
    this.#stop.abort();
  }

  #onRun(runId: string): void {
    const { store } = this.#options;
    const abandoned = this.#trial.runId;
    this.#runId = runId;
    this.#enqueue(async () => {
      await this.#renew();
      if (abandoned !== undefined && abandoned !== runId)
        await store.updateRun(abandoned, { status: "KILLED" });
    });
  }

  #onEvaluation(metrics: Readonly<Record<string, number>>, count: number): void {
    const { metric, earlyTermination } = this.#definition;
    if (!metric) return;
    const value = metrics[metric.name];
    if (value === undefined) {
      // What is measured at every step may be logged a little later than the first evaluation.
      if (count > 1) this.#enqueue(() => this.#requireMetric(metric.name, metrics));
      return;
    }
    this.#history[count - 1] = value;
    this.#options.report?.({ kind: "evaluation", trial: this.#trial, count, value });
    if (!earlyTermination?.brackets.includes(count)) return;
    const history = [...this.#history];
    this.#enqueue(async () => {
      const others = await this.#historiesOfOthers(metric.name);
      if (isHopeless(history, others, earlyTermination, metric)) this.#abort("hopeless");
    });
  }

  /** What no evaluation measures, and nothing else of the run, need not be waited for until the end. */
  async #requireMetric(name: string, evaluation: Readonly<Record<string, number>>): Promise<void> {
    if (this.#runId === undefined) return;
    const { metrics } = await this.#options.store.getRun(this.#runId);
    const measured = { ...metrics, ...evaluation };
    if (name in measured || Object.keys(evaluation).some((key) => bestOf(key) === name)) return;
    this.#abort("unmeasured");
  }

  async #historiesOfOthers(metric: string): Promise<number[][]> {
    const { store, sweepId } = this.#options;
    const others = (await store.listTrials(sweepId)).filter(({ number }) => number !== this.#trial.number);
    const runs = others.flatMap(({ runId }) => runId ?? []);
    return Promise.all(runs.map((runId) => this.#historyOf(runId, metric)));
  }

  /** Values in the order of their steps: one that was measured again after a resumption counts once. */
  async #historyOf(runId: string, metric: string): Promise<number[]> {
    const history = await this.#options.store.metricHistory(runId, metric);
    return [...new Map(history.map(({ step, value }) => [step, value])).values()];
  }

  async #end(outcome: TrialOutcome): Promise<void> {
    const { store, agent, report = () => {} } = this.#options;
    const { sweepId, number } = this.#trial;
    const trial = this.#trial;
    if (this.#reason === "lost") return report({ kind: "trial-lost", trial });
    if (outcome.status === "interrupted" && this.#reason === undefined) {
      await store.giveBackTrial(sweepId, number, agent);
      return report({ kind: "trial-given-back", trial });
    }
    const end = await this.#endOf(outcome);
    if (end.status === "STOPPED_EARLY" && this.#runId)
      await store.logBatch(this.#runId, { tags: { "havn.sweep.stopped_early": "hyperband" } });
    const isOurs = await store.endTrial(sweepId, number, agent, end);
    report(isOurs ? { kind: "trial-ended", trial, end } : { kind: "trial-lost", trial });
    if (this.#reason !== "unmeasured" || end.status !== "FAILED") return;
    // Every other trial would end the same.
    await store.setSweepStatus(sweepId, "STOPPED");
    throw new TaskError(`sweep ${sweepId} is stopped: ${end.error}. Write one of them as the metric's name`);
  }

  /** A process that was killed could not say so of its run. */
  async #endRunOfTheDead(): Promise<void> {
    const { store } = this.#options;
    if (this.#runId === undefined) return;
    const { status } = await store.getRun(this.#runId);
    if (status === "RUNNING") await store.updateRun(this.#runId, { status: "FAILED", endTime: Date.now() });
  }

  async #endOf(outcome: TrialOutcome): Promise<TrialEnd> {
    if (outcome.status === "failed") {
      await this.#endRunOfTheDead();
      return { status: "FAILED", error: outcome.error };
    }
    const { metric } = this.#definition;
    const runId = outcome.status === "finished" ? outcome.runId : this.#runId;
    if (outcome.status === "interrupted" && this.#reason === "hopeless") {
      const finite = (runId && metric ? await this.#historyOf(runId, metric.name) : []).filter(
        Number.isFinite,
      );
      const best = metric?.goal === "maximize" ? Math.max(...finite) : Math.min(...finite);
      return { status: "STOPPED_EARLY", value: finite.length > 0 ? best : undefined };
    }
    const metrics = runId === undefined ? {} : (await this.#options.store.getRun(runId)).metrics;
    const name = metric?.name ?? "";
    // That of the best checkpoint, which is what the run keeps, where it was chosen by this metric.
    const value = (metrics[bestOf(name)] ?? metrics[name])?.value;
    if (value !== undefined && Number.isFinite(value)) return { status: "FINISHED", value };
    if (value !== undefined) return { status: "FAILED", error: `${name} is ${value}` };
    this.#reason = "unmeasured";
    const measured = Object.keys(metrics).filter((key) => key !== "epoch");
    return { status: "FAILED", error: `the run measures no ${name}; it has ${measured.join(", ")}` };
  }
}
