import { randomUUID } from "node:crypto";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Hono } from "hono";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { InferenceSession } from "../tensor/index.ts";
import { type Clock, systemClock } from "./clock.ts";
import { docsEndpoints } from "./docs-endpoints.ts";
import { type Endpoint, mountEndpoints } from "./endpoint.ts";
import { asServingError, errorReply } from "./error-reply.ts";
import { InferenceQueue, type InferenceQueueOptions } from "./inference-queue.ts";
import { predictionEndpoints } from "./prediction-endpoints.ts";
import type { PredictionLog } from "./prediction-log.ts";
import { requestContext, type ServiceEnv } from "./request-context.ts";
import type { InputMetric, Servable, ServiceRoute } from "./servable.ts";
import {
  processMetrics as newProcessMetrics,
  type ServiceMetrics,
  serviceMetrics,
} from "./service-metrics.ts";
import { servingStatus } from "./serving-error.ts";

/** A registered model version, opened. The service closes its sessions. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
  readonly session: InferenceSession;
  /** Opens the same model once more: to replace a session whose worker crashed, and for `limits.sessions` above 1. */
  readonly reopen?: () => Promise<InferenceSession>;
}

export interface ServiceLimits
  extends Pick<InferenceQueueOptions, "maxBatch" | "maxWaitMs" | "maxQueued" | "deadlineMs" | "sessions"> {
  /** Largest request body; above it 413. */
  readonly bodyBytes?: number;
}

export interface ServiceOptions<Input, Example, Answer, Body, Reply> {
  readonly project: string;
  readonly title: string;
  readonly servable: Servable<Input, Example, Answer>;
  readonly route: ServiceRoute<Input, Answer, Body, Reply>;
  readonly inputMetrics?: readonly InputMetric<Input>[];
  readonly model: ServedModel;
  readonly predictions: PredictionLog;
  readonly limits?: ServiceLimits;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly newId?: () => string;
  /** Metrics of the process, where several services of one process share them. */
  readonly processMetrics?: Registry;
}

/** An HTTP application made from a task and an opened model version. */
export interface Service {
  readonly project: string;
  /** To be served at the root, or below a prefix with `parent.route(prefix, app)`. */
  readonly app: Hono<ServiceEnv>;
  /** Whether a request would be answered. */
  isReady(): boolean;
  /** Answers what was accepted, then closes the sessions; the prediction log stays open. */
  close(): Promise<void>;
}

/**
 * Makes the HTTP application of a project: its own route, `POST /predict`, `/health`, `/docs`, `/openapi.json` and
 * `/metrics`.
 *
 * @throws {ServingError} `route-taken` when the project's route is one of those
 */
export function service<Input, Example, Answer, Body, Reply>({
  project,
  title,
  servable,
  route,
  inputMetrics = [],
  model,
  predictions,
  limits: { bodyBytes = 2 ** 20, ...queueLimits } = {},
  logger,
  clock = systemClock,
  newId = randomUUID,
  processMetrics = newProcessMetrics(),
}: ServiceOptions<Input, Example, Answer, Body, Reply>): Service {
  const metrics = serviceMetrics({
    inputMetrics,
    waiting: () => queue.waiting,
    dropped: () => predictions.dropped,
    process: processMetrics,
  });
  const queue: InferenceQueue<Example, Answer> = new InferenceQueue([model.session], servable, {
    ...queueLimits,
    reopen: model.reopen,
    clock,
    logger,
    onBatch: (size) => metrics.batchSize.observe(size),
  });

  const app = new OpenAPIHono<ServiceEnv>();
  app.use(requestContext({ clock, newId, modelVersion: model.version, logger }));
  app.onError((error, c) => {
    const answered = asServingError(error);
    if (servingStatus[answered.code] === 500)
      logger?.error({ err: answered.cause ?? answered, requestId: c.get("requestId") }, answered.message);
    return errorReply(answered);
  });
  const info = {
    title,
    version: String(model.version),
    description: `${model.name}, version ${model.version}`,
  };
  // A relative server: the document is right wherever the application is mounted.
  const document = () => app.getOpenAPI31Document({ openapi: "3.1.0", info, servers: [{ url: "." }] });
  mountEndpoints(app, [
    ...predictionEndpoints({ project, model, servable, route, queue, metrics, predictions, bodyBytes }),
    healthEndpoint(model, queue),
    metricsEndpoint(metrics),
    ...docsEndpoints(title, document),
  ]);
  return { project, app, isReady: () => queue.isReady, close: () => queue.close() };
}

function healthEndpoint({ name, version }: ServedModel, queue: { readonly isReady: boolean }): Endpoint {
  const schema = z.object({
    status: z.enum(["ready", "not ready"]),
    model: z.object({ name: z.string(), version: z.number() }),
  });
  const content = { "application/json": { schema } };
  return {
    method: "GET",
    path: "/health",
    api: {
      summary: "Whether the service would answer, and with which model",
      responses: { 200: { description: "Ready", content }, 503: { description: "Not ready", content } },
    },
    handle: (c) => {
      const { isReady } = queue;
      return c.json(
        { status: isReady ? "ready" : "not ready", model: { name, version } },
        isReady ? 200 : 503,
      );
    },
  };
}

function metricsEndpoint(metrics: Pick<ServiceMetrics<never>, "text" | "contentType">): Endpoint {
  return {
    method: "GET",
    path: "/metrics",
    api: {
      summary: "What Prometheus reads",
      responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
    },
    handle: async (c) => c.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  };
}
