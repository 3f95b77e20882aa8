/** A whole service around the model of film reviews. */
import { z } from "zod";
import type { PredictionLog, UnwrittenPrediction } from "../prediction-log.ts";
import type { InputMetric, ServiceRoute } from "../servable.ts";
import {
  type ModelTensors,
  openServedModel,
  type ServedModel,
  type ServedModelOptions,
} from "../served-model.ts";
import { type Service, type ServiceOptions, service } from "../service.ts";
import { filmSource, type Review, type Sentiment } from "./film-servable.ts";
import { ManualClock } from "./manual-clock.ts";

export const filmRoute: ServiceRoute<Review, Sentiment, { statement: string }, { sentiment: number }> = {
  method: "POST",
  path: "/inference",
  summary: "Whether a critic liked the film",
  request: z.object({ statement: z.string().trim().min(1).max(10_000) }),
  response: z.object({ sentiment: z.union([z.literal(0), z.literal(1)]) }),
  example: { statement: "A wonderful film" },
  toInput: ({ statement }) => ({ text: statement }),
  toReply: ({ index }) => ({ sentiment: index }),
};

export const reviewLength: InputMetric<Review> = {
  name: "review_length",
  help: "Characters of a review",
  buckets: [10, 100, 1000],
  measure: ({ text }) => text.length,
};

export const filmTensors: ModelTensors = {
  inputs: [{ name: "words", dtype: "float32", shape: ["batch", "sequence"] }],
  outputs: [{ name: "score", dtype: "float32", shape: ["batch"] }],
};

/** The model in ONNX Runtime, in a worker thread. */
export const openFilmModel = (
  options: Partial<ServedModelOptions> = {},
): Promise<ServedModel<Review, Sentiment>> =>
  openServedModel({
    name: "movie-reviews",
    version: 7,
    source: filmSource,
    example: { text: "A wonderful film" },
    // However slow the machine that tests, nobody is refused for it.
    limits: { workers: 1, maxQueuedMs: 1e6 },
    ...options,
  });

/** A prediction log that keeps what it is given. */
export class MemoryLog implements PredictionLog {
  readonly predictions: UnwrittenPrediction[] = [];
  readonly dropped = 0;

  add(prediction: UnwrittenPrediction): void {
    this.predictions.push(prediction);
  }
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}

/** All that `service` needs; ids count up from request-1. */
export function filmOptions(
  model: ServedModel<Review, Sentiment>,
  predictions: PredictionLog = new MemoryLog(),
) {
  let ids = 0;
  return {
    project: "movie-reviews",
    title: "Movie <reviews>",
    route: filmRoute,
    inputMetrics: [reviewLength],
    model,
    predictions,
    newId: () => `request-${++ids}`,
  } satisfies ServiceOptions<Review, Sentiment, { statement: string }, { sentiment: number }>;
}

/** A service of films to ask, its time standing still. */
export interface Films {
  readonly model: ServedModel<Review, Sentiment>;
  readonly log: MemoryLog;
  readonly service: Service<Review, Sentiment>;
  post(
    body: string | Uint8Array<ArrayBuffer> | null,
    options?: { readonly path?: string; readonly type?: string },
  ): Response | Promise<Response>;
  ask(statement: unknown): Response | Promise<Response>;
}

export async function openFilms(): Promise<Films> {
  const model = await openFilmModel();
  const log = new MemoryLog();
  const films = service({ ...filmOptions(model, log), clock: new ManualClock() });
  const post: Films["post"] = (body, { path = "/inference", type = "application/json" } = {}) =>
    films.app.request(path, { method: "POST", body, headers: type ? { "content-type": type } : {} });
  return { model, log, service: films, post, ask: (statement) => post(JSON.stringify({ statement })) };
}
