// Sweeps and their trials: plain records, and the verbs by which any number of agents share the work.
import type { Json } from "./prediction.ts";

/** `STOPPED` by a person: no further trial starts. `FINISHED`: all trials have ended and there is none to come. */
export type SweepStatus = "RUNNING" | "FINISHED" | "STOPPED";

/**
 * `WAITING` was given back and can be claimed again; `STOPPED_EARLY` was ended because others were clearly better.
 */
export type TrialStatus = "WAITING" | "RUNNING" | "FINISHED" | "STOPPED_EARLY" | "FAILED";

export type JsonRecord = Readonly<Record<string, Json>>;

export interface Sweep {
  readonly sweepId: string;
  readonly project: string;
  readonly name: string;
  /** What is searched and how, in the words of a W&B sweep. */
  readonly definition: JsonRecord;
  /** Overrides that all trials share. */
  readonly overrides: readonly string[];
  /** Decides what is drawn. */
  readonly seed: number;
  readonly status: SweepStatus;
  /** Who started it; empty where nobody said. */
  readonly user: string;
  readonly creationTime: number;
  readonly lastUpdateTime: number;
}

export type NewSweep = Pick<Sweep, "project" | "name" | "definition" | "overrides" | "seed"> & {
  readonly user?: string | undefined;
};

export interface Trial {
  readonly sweepId: string;
  /** 1, 2, 3, ... within its sweep. */
  readonly number: number;
  /** Dotted keys of the configuration and their values. */
  readonly parameters: JsonRecord;
  readonly status: TrialStatus;
  /** How often it was claimed, apart from the times it was given back in an orderly way. */
  readonly attempts: number;
  /** Who works on it, or did last. */
  readonly agent?: string;
  /** Until then the agent must have renewed its claim, or another may take the trial. */
  readonly leaseUntil?: number;
  readonly runId?: string;
  /** Of the sweep's metric. */
  readonly value?: number;
  /** Why it failed. */
  readonly error?: string;
  readonly startTime: number;
  readonly endTime?: number;
}

export interface TrialClaim {
  readonly agent: string;
  /** How long the claim holds unless it is renewed. */
  readonly leaseMs: number;
  /** What would be tried next; `number` is one more than the trials it was thought up from. */
  readonly proposal?: { readonly number: number; readonly parameters: JsonRecord } | undefined;
}

export type TrialEnd =
  | { readonly status: "FINISHED"; readonly value: number }
  | { readonly status: "STOPPED_EARLY"; readonly value?: number | undefined }
  | { readonly status: "FAILED"; readonly error: string };

/** A trial that died with its agent so often is not tried again: it may be what kills them. */
export const mostAttempts = 3;

/** All times are the store's: agents on other machines need no common clock. */
export interface SweepStore {
  createSweep(sweep: NewSweep): Promise<Sweep>;
  /** @throws {StoreError} `not-found`; so do all others */
  getSweep(sweepId: string): Promise<Sweep>;
  /** Newest first. */
  listSweeps(query?: { readonly project?: string | undefined }): Promise<Sweep[]>;
  setSweepStatus(sweepId: string, status: SweepStatus): Promise<Sweep>;
  /** In the order of their numbers. */
  listTrials(sweepId: string): Promise<Trial[]>;
  /**
   * Takes a trial that waits or whose agent has not renewed its claim in time; where there is none, the proposal,
   * if no other agent has added a trial meanwhile. Undefined: look again, think again. A sweep that does not run
   * hands out nothing. An agent that has a trial gets the same again.
   */
  claimTrial(sweepId: string, claim: TrialClaim): Promise<Trial | undefined>;
  /** Says that the agent is alive, and which run it made. @returns false when the trial is not the agent's any more */
  renewTrial(
    sweepId: string,
    number: number,
    renewal: {
      readonly agent: string;
      readonly leaseMs: number;
      readonly runId?: string | undefined;
    },
  ): Promise<boolean>;
  /** @returns false when the trial is not the agent's any more: then nothing changes */
  endTrial(sweepId: string, number: number, agent: string, end: TrialEnd): Promise<boolean>;
  /** For another agent to take. @returns false when the trial is not the agent's any more */
  giveBackTrial(sweepId: string, number: number, agent: string): Promise<boolean>;
}
