// The contract of the tracking store: plain records, and the verbs that every engine implements.
import type { ObjectStore } from "../storage/index.ts";
import type { LoggedModelStore } from "./logged-model.ts";
import type { RegistryEvents } from "./registry-events.ts";
import type { SweepStore } from "./sweeps.ts";
import type { TraceStore } from "./trace.ts";

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
  /** URI below which clients put the files of its runs, in place of this store. */
  readonly artifactLocation?: string;
}

/** Status of a run, in MLflow's words. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

/** One measured value. NaN and the infinities are values like others. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  /** The logged model that was measured, and on which dataset. */
  readonly modelId?: string;
  readonly datasetName?: string;
  readonly datasetDigest?: string;
}

/** Data that a run has seen: `digest` is the hash of its content. */
export interface Dataset {
  readonly name: string;
  readonly digest: string;
  /** Where it came from: a path, a URL, a pointer file. */
  readonly source: string;
  /** What kind of place that is; `local` unless given. */
  readonly sourceType?: string;
  /** Names and types of columns as JSON text. */
  readonly schema?: string;
  /** Counts and columns as JSON text. */
  readonly profile?: string;
  /** What it was used for: `training`, `validation`, `test`. */
  readonly context?: string;
  /** What else was said of this use of it. */
  readonly tags?: Record<string, string>;
}

/** A dataset that some run of an experiment has seen, and what for. */
export interface DatasetUse extends Pick<Dataset, "name" | "digest" | "context"> {
  readonly experimentId: string;
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
  /** Logged models that it has read; missing where there are none. */
  readonly modelInputs?: string[];
  readonly modelOutputs?: ModelOutput[];
  /** Where its files lie, in place of this store. */
  readonly artifactUri?: string;
}

/** A run whose metrics are JSON already: of a page of a hundred thousand values no object has to be made. */
export interface PrintedRun extends Omit<Run, "metrics"> {
  /** A list of `{"key", "value", "timestamp", "step"}`; NaN and the infinities are text. */
  readonly metricsJson: string;
}

/** A page in parts of up to a thousand runs. Each is read when it is asked for: their text together may be very long. */
export interface PrintedPage extends Omit<Page<PrintedRun>, "items"> {
  readonly parts: readonly (() => Promise<PrintedRun[]>)[];
}

/** A logged model that a run has made, and at which step. */
export interface ModelOutput {
  readonly modelId: string;
  readonly step: number;
}

export interface NewRun {
  readonly experimentId: string;
  /** Made from the run's id where it is missing. */
  readonly name?: string;
  readonly startTime?: number;
  readonly params?: Record<string, string>;
  readonly tags?: Record<string, string>;
  /** Its files lie at the experiment's location, where that has one: for clients that put them there. */
  readonly isPlacedByExperiment?: boolean;
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

export interface MetricSample {
  readonly maxResults: number;
  /** From this step to that one, both included; all steps where it is missing. */
  readonly steps?: { readonly first: number; readonly last: number };
}

export interface RunMetric extends Metric {
  readonly runId: string;
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
  /** Where a person finds that run, when it is one of another server. */
  readonly runLink?: string;
  /** The logged model that it was made of. */
  readonly modelId?: string;
  readonly stage: ModelStage;
  readonly tags: Record<string, string>;
  readonly aliases: string[];
}

/** What aliases have replaced, and older clients still ask for. */
export type ModelStage = "None" | "Staging" | "Production" | "Archived";

export interface NewModelVersion {
  readonly name: string;
  readonly source: string;
  readonly runId?: string;
  readonly runLink?: string;
  readonly modelId?: string;
  readonly description?: string;
  readonly tags?: Record<string, string>;
}

export interface ExperimentStore {
  /** @throws {StoreError} `already-exists`, also where the name belongs to a deleted experiment */
  createExperiment(
    name: string,
    tags?: Record<string, string>,
    options?: { artifactLocation?: string },
  ): Promise<Experiment>;
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
  /** @throws {StoreError} `not-found` where it has no such tag */
  deleteExperimentTag(experimentId: string, key: string): Promise<void>;
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
  /** The same, a page at a time. */
  metricHistoryPage(
    runId: string,
    key: string,
    page: { maxResults: number; pageToken?: string },
  ): Promise<Page<Metric>>;
  /**
   * At most `maxResults` values of each run, evenly taken from those in the order of steps; the first and the last are
   * among them.
   */
  sampleMetric(runIds: readonly string[], key: string, options: MetricSample): Promise<RunMetric[]>;
  /** Says which logged models a run has read or made. */
  logModels(
    runId: string,
    models: { inputs?: readonly string[]; outputs?: readonly ModelOutput[] },
  ): Promise<void>;
  /** What the runs of these experiments have seen: each dataset once for each of its uses, at most 1,000. */
  searchDatasets(experimentIds: readonly string[]): Promise<DatasetUse[]>;
  searchRuns(query: RunQuery): Promise<Page<Run>>;
  /** The same, for servers that hand a page on. */
  searchPrintedRuns(query: RunQuery): Promise<PrintedPage>;
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
  updateRegisteredModel(name: string, change: { description: string }): Promise<RegisteredModel>;
  /** @throws {StoreError} `already-exists` where another model has the name */
  renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel>;
  /** With all its versions, for good. */
  deleteRegisteredModel(name: string): Promise<void>;

  /**
   * The next version of a model that is registered.
   * @param user who wants it, for the record; the store's own user unless given
   */
  createModelVersion(version: NewModelVersion, user?: string): Promise<ModelVersion>;
  getModelVersion(name: string, version: number): Promise<ModelVersion>;
  /** All versions of a model, newest first. */
  listModelVersions(name: string): Promise<ModelVersion[]>;
  searchModelVersions(query?: SearchQuery): Promise<Page<ModelVersion>>;
  setModelVersionTag(name: string, version: number, key: string, value: string): Promise<void>;
  deleteModelVersionTag(name: string, version: number, key: string): Promise<void>;
  updateModelVersion(name: string, version: number, change: { description: string }): Promise<ModelVersion>;
  /** @param archiveOthers versions in that stage go to `Archived` */
  setModelVersionStage(
    name: string,
    version: number,
    stage: ModelStage,
    options?: { archiveOthers?: boolean },
  ): Promise<ModelVersion>;
  /** For good, with its aliases. Its number is never given to another version. */
  deleteModelVersion(name: string, version: number, user?: string): Promise<void>;

  /**
   * An alias names one version: it moves here from any other.
   * @param user who wants it, for the record; the store's own user unless given
   */
  setAlias(name: string, alias: string, version: number, user?: string): Promise<void>;
  deleteAlias(name: string, alias: string, user?: string): Promise<void>;
  /** `undefined` where no version has the alias, or there is no such model. */
  getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined>;
}

/** What any MLflow server can do, this store and a remote one alike: all that training and registering need. */
export interface Tracker
  extends ExperimentStore,
    Omit<
      RunStore,
      "metricHistoryPage" | "sampleMetric" | "logModels" | "searchDatasets" | "searchPrintedRuns"
    >,
    ModelRegistry {
  /** The files of a run, under names relative to it. */
  artifacts(runId: string): ObjectStore;
  close(): Promise<void>;
}

/**
 * Experiments, runs, models, sweeps and the artifacts of runs. When a promise is fulfilled, what it wrote survives the
 * death of the process. Any number of processes may have the same store open.
 */
export interface Store extends Tracker, RunStore, LoggedModelStore, TraceStore, RegistryEvents, SweepStore {
  /** All files: of a run below its id, of a logged model below `models/`, of a trace below `traces/`. */
  readonly files: ObjectStore;
}
