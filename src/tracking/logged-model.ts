// Models as runs log them (MLflow 3): files with params, tags and metrics of their own, before any registration.
import type { LifecycleStage, Metric, Page, SearchQuery } from "./store.ts";

/** Whether all files of a model have been written. */
export type LoggedModelStatus = "PENDING" | "READY" | "FAILED";

export interface LoggedModel {
  /** `m-` and 32 hexadecimal digits. */
  readonly modelId: string;
  readonly experimentId: string;
  readonly name: string;
  /** Such as `sklearn`; free text. */
  readonly modelType?: string;
  /** The run that made it. */
  readonly sourceRunId?: string;
  /** Where its files lie, in place of the store's own folder for it. */
  readonly artifactUri?: string;
  readonly status: LoggedModelStatus;
  readonly lifecycleStage: LifecycleStage;
  readonly creationTime: number;
  readonly lastUpdateTime: number;
  readonly params: Record<string, string>;
  readonly tags: Record<string, string>;
  /** Every value that runs have measured of it. */
  readonly metrics: ModelMetric[];
}

/** A value that a run has measured of a model, perhaps on a named dataset. */
export interface ModelMetric extends Metric {
  readonly runId: string;
}

export interface NewLoggedModel {
  readonly experimentId: string;
  /** Made from the model's id where it is missing. */
  readonly name?: string;
  readonly modelType?: string;
  readonly sourceRunId?: string;
  readonly params?: Record<string, string>;
  readonly tags?: Record<string, string>;
}

/** Restricts what a search reads of metrics to those measured on one dataset. */
export interface DatasetScope {
  readonly name: string;
  readonly digest?: string;
}

export interface LoggedModelQuery extends SearchQuery {
  readonly experimentIds: readonly string[];
  /** Only metrics measured on one of these count in the filter; a model without any of them is not found. */
  readonly datasets?: readonly DatasetScope[];
  /** Only metrics measured on this one count in the order, by the index of its term. */
  readonly orderDatasets?: readonly (DatasetScope | undefined)[];
}

export interface LoggedModelStore {
  createLoggedModel(model: NewLoggedModel): Promise<LoggedModel>;
  /** @throws {StoreError} `not-found`, also for a deleted one unless `allowDeleted` */
  getLoggedModel(modelId: string, options?: { allowDeleted?: boolean }): Promise<LoggedModel>;
  /** Says whether its files are complete. */
  finalizeLoggedModel(modelId: string, status: LoggedModelStatus): Promise<LoggedModel>;
  /** A param that is there keeps its value; another value is refused. */
  logLoggedModelParams(modelId: string, params: Record<string, string>): Promise<void>;
  setLoggedModelTags(modelId: string, tags: Record<string, string>): Promise<void>;
  /** @throws {StoreError} `not-found` where the model has no such tag */
  deleteLoggedModelTag(modelId: string, key: string): Promise<void>;
  deleteLoggedModel(modelId: string): Promise<void>;
  searchLoggedModels(query: LoggedModelQuery): Promise<Page<LoggedModel>>;
}
