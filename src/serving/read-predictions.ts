import type { Prediction } from "../tracking/index.ts";

export interface ReadPredictionsOptions {
  /** Requests that came in at this time or later, milliseconds since 1970. */
  readonly from?: number;
  /** Requests that came in before this time. */
  readonly to?: number;
  readonly limit?: number;
  readonly order?: "oldest-first" | "newest-first";
}

/** Predictions of one project's folder in the order in which they were answered, over all processes that wrote. */
export async function* readPredictions(
  folder: string,
  options: ReadPredictionsOptions = {},
): AsyncGenerator<Prediction> {
  throw new Error(`not written yet: ${folder} ${options}`);
}
