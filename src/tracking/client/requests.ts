// Records of the store as MLflow's requests write them.
import type { Dataset, Metric, Page, SearchQuery, View } from "../store.ts";
import { StoreError } from "../store-error.ts";

export const toEntries = (record: Readonly<Record<string, string>> = {}) =>
  Object.entries(record).map(([key, value]) => ({ key, value }));

/** JSON has no NaN and no infinities: they go as text, as protocol buffers write them. */
export const toNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));

export const toMetric = ({ key, value, timestamp, step, modelId, datasetName, datasetDigest }: Metric) => ({
  ...{ key, value: toNumber(value), timestamp, step },
  ...(modelId !== undefined && { model_id: modelId }),
  ...(datasetName !== undefined && { dataset_name: datasetName }),
  ...(datasetDigest !== undefined && { dataset_digest: datasetDigest }),
});

/** Servers refuse an id that is no number, or fail over it; here it is the id of no experiment. */
export const isExperimentId = (id: string): boolean => /^\d{1,15}$/.test(id);

export const noExperiment = (id: string): StoreError =>
  new StoreError("not-found", "experiment", `there is no experiment with the id ${JSON.stringify(id)}`);

export const toSearch = ({ filter, orderBy, maxResults = 1000, pageToken }: SearchQuery) => ({
  max_results: maxResults,
  ...(filter && { filter }),
  ...(orderBy && { order_by: orderBy }),
  ...(pageToken && { page_token: pageToken }),
});

export const toView = (view: View = "active") =>
  ({ active: "ACTIVE_ONLY", deleted: "DELETED_ONLY", all: "ALL" })[view];

export const toPage = <Item>(items: Item[], nextPageToken: string | undefined): Page<Item> =>
  nextPageToken === undefined ? { items } : { items, nextPageToken };

const contextTag = "mlflow.data.context";
/** The whole digest, where the server has room for its beginning only. */
export const digestTag = "havn.digest";

export const toDatasetInput = ({ context, tags, sourceType = "local", ...dataset }: Dataset) => ({
  tags: toEntries({ ...tags, ...(context !== undefined && { [contextTag]: context }) }),
  dataset: { ...dataset, source_type: sourceType },
});

/** The original has room for 36 characters of a digest; a SHA-256 has 64. */
export const withShortDigest = ({ digest, tags, ...rest }: Dataset): Dataset => ({
  ...{ ...rest, digest: digest.slice(0, 36), tags: { ...tags, [digestTag]: digest } },
});

/** A dataset as it was logged, from one of a server and what was said of its use. */
export function fromDatasetInput(
  dataset: Dataset,
  { [contextTag]: context, [digestTag]: digest, ...tags }: Readonly<Record<string, string>>,
): Dataset {
  return {
    ...dataset,
    ...(digest !== undefined && { digest }),
    ...(context !== undefined && { context }),
    ...(Object.keys(tags).length > 0 && { tags }),
  };
}
