/** `GET /monitoring`: how the service has been lately, for a person or a script that has no Prometheus. */
import { z } from "@hono/zod-openapi";
import type { Prediction } from "../tracking/index.ts";
import { json } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PredictionLog } from "./prediction-log.ts";
import type { RecentActivity } from "./recent-activity.ts";
import type { ServedModel } from "./served-model.ts";

const periods = { lastHour: 60, lastDay: 24 * 60 };

const report = z.object({
  answers: z.number(),
  errors: z.record(z.string(), z.number()).describe("Refusals and failures of the service, by their code"),
  labels: z.record(z.string(), z.number()).describe("Answers of each label"),
  meanConfidence: z.number().nullable(),
  latencyMs: z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).nullable(),
});

const schema = z.object({
  model: z.object({ name: z.string(), version: z.number() }),
  waiting: z.number().describe("Requests that wait for the model"),
  lastHour: report,
  lastDay: report,
  log: z.object({ dropped: z.number().describe("Predictions that could not be logged since the start") }),
});

export interface MonitoringOptions {
  readonly activity: RecentActivity;
  readonly model: () => ServedModel<never, unknown>;
  readonly predictions: PredictionLog;
  /** What was predicted before, of the last day. */
  readonly history: () => AsyncIterable<Prediction>;
}

export function monitoringEndpoint({ activity, model, predictions, history }: MonitoringOptions): Endpoint {
  // Read when somebody asks for the first time: a start that nobody watches should not pay for it.
  let known: Promise<void> | undefined;
  const countHistory = async () => {
    for await (const prediction of history()) activity.answered(prediction);
  };
  return {
    method: "GET",
    path: "/monitoring",
    api: {
      tag: "Service",
      summary: "Answers, labels, confidence, latency and errors of the last hour and day",
      responses: {
        200: { description: "The report", content: { "application/json": { schema } } },
      },
    },
    handle: async () => {
      known ??= countHistory();
      await known;
      const { name, version, queue } = model();
      return json({
        model: { name, version },
        waiting: queue.waiting,
        lastHour: activity.report(periods.lastHour),
        lastDay: activity.report(periods.lastDay),
        log: { dropped: predictions.dropped },
      });
    },
  };
}
