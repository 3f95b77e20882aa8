// Records of the store as MLflow's requests write them.
import type { Metric, Page, SearchQuery, View } from "../store.ts";

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
