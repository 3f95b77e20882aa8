/** A whole service around a model of one sum: a film is good when its review has more praise than blame. */
import { z } from "zod";
import { compile, float32, type InferenceSession, input, openInference, sum } from "../../tensor/index.ts";
import type { PredictionLog, UnwrittenPrediction } from "../prediction-log.ts";
import type { InputMetric, Servable, ServiceRoute } from "../servable.ts";
import type { ServiceOptions } from "../service.ts";

export interface Review {
  readonly text: string;
}

export interface Sentiment {
  readonly label: string;
  readonly index: number;
  readonly probabilities: readonly { readonly label: string; readonly probability: number }[];
}

const weightOf: Readonly<Record<string, number>> = { good: 1, wonderful: 2, bad: -1, dull: -2 };
const labels = ["negative", "positive"];

export const film: Servable<Review, number[], Sentiment> = {
  prepare: ({ text }) => text.split(/\s+/).map((word) => weightOf[word.toLowerCase()] ?? 0),
  lengthOf: (example) => example.length,
  collate(examples) {
    const longest = Math.max(...examples.map(({ length }) => length));
    const padded = examples.flatMap((example) => [
      ...example,
      ...new Array<number>(longest - example.length).fill(0),
    ]);
    return { words: float32([examples.length, longest], padded) };
  },
  respond: ({ score }) =>
    Array.from(score!.data, Number).map((score) => {
      const positive = 1 / (1 + Math.exp(-score));
      const index = positive > 0.5 ? 1 : 0;
      const probabilities = [1 - positive, positive].map((probability, i) => ({
        label: labels[i]!,
        probability,
      }));
      return { label: labels[index]!, index, probabilities };
    }),
  probabilities: (answer) => answer.probabilities.map(({ probability }) => probability),
};

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

/** The model in ONNX Runtime, in a worker thread. */
export function openFilmModel(): Promise<InferenceSession> {
  const words = input("words", "float32", ["batch", "sequence"]);
  const { bytes } = compile({ score: sum(words, { axes: [1] }) }, { parameters: new Map() });
  return openInference(bytes, { threads: 1 });
}

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
export function filmOptions(session: InferenceSession, predictions: PredictionLog = new MemoryLog()) {
  let ids = 0;
  return {
    project: "movie-reviews",
    title: "Movie <reviews>",
    servable: film,
    route: filmRoute,
    inputMetrics: [reviewLength],
    model: { name: "movie-reviews", version: 7, session },
    predictions,
    newId: () => `request-${++ids}`,
  } satisfies ServiceOptions<Review, number[], Sentiment, { statement: string }, { sentiment: number }>;
}
