// The contract of the tracking store: plain records, and the verbs that every engine implements.
import type { ObjectStore } from "../storage/index.ts";
import type { RegistryEvents } from "./registry-events.ts";
import type { SweepStore } from "./sweeps.ts";

/** What a search for experiments, runs, models or versions may say; the grammar is MLflow's (see search/filter.ts). */
export interface SearchQuery {
  /** Such as `metrics.val_accuracy > 0.8 and tags.preset = 'small'`. */
  readonly filter?: string;
  /** Such as `["metrics.val_accuracy DESC", "attributes.start_time"]`. */
  readonly orderBy?: readonly string[];
  /** Size of a page; 1,000 unless given. */
  readonly maxResults?: number;
  /** `nextPageToken` of the page before, with the same filter and order. */
  readonly pageToken?: string;
}

/** Whether a search sees what is in use, what has been deleted, or both. */
export type View = "active" | "deleted" | "all";

export interface Page<Item> {
  readonly items: Item[];
  /** Missing on the last page. */
  readonly nextPageToken?: string;
}

/** `deleted` hides a thing until it is restored; nothing is lost. */
export type LifecycleStage = "active" | "deleted";

export interface Experiment {
  readonly experimentId: string;
  readonly name: string;
  readonly lifecycleStage: LifecycleStage;
  /** Milliseconds since 1970, as all times of this part. */
  readonly creationTime: number;
  readonly lastUpdateTime: number;
  readonly tags: Record<string, string>;
}

/** Status of a run, in MLflow's words. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** One measured value. NaN and the infinities are values like others. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

/** Data that a run has seen: `digest` is the hash of its content. */
export interface Dataset {
  readonly name: string;
  readonly digest: string;
  /** Where it came from: a path, a URL, a pointer file. */
  readonly source: string;
  /** Counts and columns as JSON text. */
  readonly profile?: string;
  /** What it was used for: `training`, `validation`, `test`. */
  readonly context?: string;
}

export interface Run {
  /** 32 hexadecimal digits. */
  readonly runId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly lifecycleStage: LifecycleStage;
  readonly startTime: number;
  /** Missing while the run goes on. */
  readonly endTime?: number;
  readonly params: Record<string, string>;
  /** Of each key the value of the highest step (then the newest, then the largest). */
  readonly metrics: Record<string, Metric>;
  readonly tags: Record<string, string>;
  readonly datasets: Dataset[];
}

export interface NewRun {
  readonly experimentId: string;
  /** Made from the run's id where it is missing. */
  readonly name?: string;
  readonly startTime?: number;
  readonly params?: Record<string, string>;
  readonly tags?: Record<string, string>;
}

export interface RunUpdate {
  readonly status?: RunStatus;
  readonly endTime?: number;
  readonly name?: string;
}

export interface RunBatch {
  readonly metrics?: readonly Metric[];
  readonly params?: Record<string, string>;
  readonly tags?: Record<string, string>;
}

export interface RunQuery extends SearchQuery {
  readonly experimentIds: readonly string[];
  /** `active` unless given. */
  readonly view?: View;
}

export interface RegisteredModel {
  readonly name: string;
  readonly description: string;
  readonly creationTime: number;
  readonly lastUpdateTime: number;
  readonly tags: Record<string, string>;
  /** Alias to version. */
  readonly aliases: Record<string, number>;
}

export interface ModelVersion {
  readonly name: string;
  /** 1, 2, 3, ... within its model. */
  readonly version: number;
  readonly description: string;
  readonly creationTime: number;
  readonly lastUpdateTime: number;
  /** Where its files lie: `runs:/RUN_ID/FOLDER` for artifacts of a run. */
  readonly source: string;
  /** The run that made it. */
  readonly runId?: string;
  readonly tags: Record<string, string>;
  readonly aliases: string[];
}

export interface NewModelVersion {
  readonly name: string;
  readonly source: string;
  readonly runId?: string;
  readonly description?: string;
  readonly tags?: Record<string, string>;
}

export interface ExperimentStore {
  /** @throws {StoreError} `already-exists`, also where the name belongs to a deleted experiment */
  createExperiment(name: string, tags?: Record<string, string>): Promise<Experiment>;
  /** The experiment of that name, made where there is none. */
  ensureExperiment(name: string): Promise<Experiment>;
  /** @throws {StoreError} `not-found`; so do all that take an id and cannot find it */
  getExperiment(experimentId: string): Promise<Experiment>;
  getExperimentByName(name: string): Promise<Experiment | undefined>;
  searchExperiments(query?: SearchQuery & { view?: View }): Promise<Page<Experiment>>;
  renameExperiment(experimentId: string, name: string): Promise<void>;
  /** Hides the experiment and its runs. */
  deleteExperiment(experimentId: string): Promise<void>;
  restoreExperiment(experimentId: string): Promise<void>;
  setExperimentTag(experimentId: string, key: string, value: string): Promise<void>;
}

export interface RunStore {
  createRun(run: NewRun): Promise<Run>;
  getRun(runId: string): Promise<Run>;
  updateRun(runId: string, update: RunUpdate): Promise<Run>;
  deleteRun(runId: string): Promise<void>;
  restoreRun(runId: string): Promise<void>;
  /**
   * Writes all or nothing. A param that is there keeps its value: the same one again is fine, another is
   * refused. Tags are replaced. A metric that was logged already with the same step, time and value counts once.
   *
   * @throws {StoreError} `invalid` for another value of a param (both are named) and for a deleted run
   */
  logBatch(runId: string, batch: RunBatch): Promise<void>;
  deleteTag(runId: string, key: string): Promise<void>;
  logDataset(runId: string, dataset: Dataset): Promise<void>;
  /** Every value of a metric in the order of time, then step. Empty where it was never logged. */
  metricHistory(runId: string, key: string): Promise<Metric[]>;
  searchRuns(query: RunQuery): Promise<Page<Run>>;
}

export interface ModelRegistry {
  createRegisteredModel(
    name: string,
    options?: { description?: string; tags?: Record<string, string> },
  ): Promise<RegisteredModel>;
  getRegisteredModel(name: string): Promise<RegisteredModel>;
  /** The model of that name, made where there is none. */
  ensureRegisteredModel(name: string): Promise<RegisteredModel>;
  searchRegisteredModels(query?: SearchQuery): Promise<Page<RegisteredModel>>;
  setRegisteredModelTag(name: string, key: string, value: string): Promise<void>;
  deleteRegisteredModelTag(name: string, key: string): Promise<void>;

  /** The next version of a model that is registered. */
  createModelVersion(version: NewModelVersion): Promise<ModelVersion>;
  getModelVersion(name: string, version: number): Promise<ModelVersion>;
  /** All versions of a model, newest first. */
  listModelVersions(name: string): Promise<ModelVersion[]>;
  searchModelVersions(query?: SearchQuery): Promise<Page<ModelVersion>>;
  setModelVersionTag(name: string, version: number, key: string, value: string): Promise<void>;
  deleteModelVersionTag(name: string, version: number, key: string): Promise<void>;

  /**
   * An alias names one version: it moves here from any other.
   * @param user who wants it, for the record; the store's own user unless given
   */
  setAlias(name: string, alias: string, version: number, user?: string): Promise<void>;
  deleteAlias(name: string, alias: string, user?: string): Promise<void>;
  /** `undefined` where no version has the alias, or there is no such model. */
  getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined>;
}

/**
 * Experiments, runs, models, sweeps and the artifacts of runs. When a promise is fulfilled, what it wrote survives the death of
 * the process. Any number of processes may have the same store open.
 */
export interface Store extends ExperimentStore, RunStore, ModelRegistry, RegistryEvents, SweepStore {
  /** The files of a run, under names relative to it. */
  artifacts(runId: string): ObjectStore;
  close(): Promise<void>;
}
