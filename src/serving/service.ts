import { randomUUID } from "node:crypto";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Prediction } from "../tracking/index.ts";
import { BodyRoom } from "./body-room.ts";
import { json, type ServiceEnv } from "./call.ts";
import { type Clock, systemClock } from "./clock.ts";
import { docsEndpoints } from "./docs-endpoints.ts";
import { type Endpoint, mountEndpoints } from "./endpoint.ts";
import { monitoringEndpoint } from "./monitoring-endpoint.ts";
import { openInferenceEndpoints } from "./open-inference-endpoints.ts";
import { predictionEndpoints } from "./prediction-endpoints.ts";
import type { PredictionLog } from "./prediction-log.ts";
import { rateLimit } from "./rate-limit.ts";
import { RecentActivity } from "./recent-activity.ts";
import { readsOf } from "./request-hint.ts";
import type { InputMetric, ServiceRoute } from "./servable.ts";
import type { ServedModel } from "./served-model.ts";
import {
  processMetrics as newProcessMetrics,
  type ServiceMetrics,
  serviceMetrics,
} from "./service-metrics.ts";
import { surround } from "./surround.ts";

export interface ServiceOptions<Input, Answer, Body, Reply> {
  readonly project: string;
  readonly title: string;
  readonly route: ServiceRoute<Input, Answer, Body, Reply>;
  readonly inputMetrics?: readonly InputMetric<Input>[];
  /** The version to begin with. */
  readonly model: ServedModel<Input, Answer>;
  readonly predictions: PredictionLog;
  /** What was predicted before this service began: `/monitoring` counts it too. */
  readonly history?: ServiceHistory;
  /** Largest request body, above it 413; a megabyte, or ten where files are sent. */
  readonly bodyBytes?: number;
  /** Room for the bodies of all requests that are under way; beyond it 503, small ones excepted. */
  readonly bodiesBytes?: number;
  /** Requests a second that a client may make, above it 429; as many as it likes unless given. */
  readonly ratePerSecond?: number | undefined;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly newId?: () => string;
  /** Metrics of the process, where several services of one process share them. */
  readonly processMetrics?: Registry;
}

export type ServiceHistory = (span: {
  readonly from: number;
  readonly to: number;
}) => AsyncIterable<Prediction>;

/** An HTTP application made from a task and an opened model version. */
export interface Service<Input = unknown, Answer = unknown> {
  readonly project: string;
  /** To be served at the root; below a prefix with `below` among its bindings. */
  readonly app: OpenAPIHono<ServiceEnv>;
  /** Version of the model that answers. */
  readonly version: number;
  /** Whether a request would be answered. */
  isReady(): boolean;
  /** Lets another version answer from now on; fulfilled when the one before has answered all that it had taken. */
  replace(model: ServedModel<Input, Answer>): Promise<void>;
  /** Answers what was accepted, then closes the workers; the prediction log stays open. */
  close(): Promise<void>;
}

const megabyte = 2 ** 20;

/**
 * Makes the HTTP application of a project: its own route, `POST /predictions`, `/health`, `/monitoring`, `/metrics`,
 * `/docs`, `/openapi.json`, and the Open Inference Protocol under `/v2`.
 *
 * @throws {ServingError} `route-taken` when the project's route is one of those
 */
export function service<Input, Answer, Body, Reply>({
  project,
  title,
  route,
  inputMetrics = [],
  model: first,
  predictions,
  history = async function* () {},
  bodyBytes = readsOf(route) === "form" ? 10 * megabyte : megabyte,
  bodiesBytes = 256 * megabyte,
  ratePerSecond,
  logger,
  clock = systemClock,
  newId = randomUUID,
  processMetrics = newProcessMetrics(),
}: ServiceOptions<Input, Answer, Body, Reply>): Service<Input, Answer> {
  let model: ServedModel<Input, Answer>;
  const current = () => model;
  const metrics = serviceMetrics({
    inputMetrics,
    waiting: () => model.queue.waiting,
    dropped: () => predictions.dropped,
    process: processMetrics,
  });
  const begin = (next: ServedModel<Input, Answer>) => {
    next.queue.onBatch = (size) => metrics.batchSize.observe(size);
    model = next;
  };
  begin(first);
  const activity = new RecentActivity(clock);
  const checkRate = ratePerSecond === undefined ? () => {} : rateLimit(ratePerSecond, clock);
  const bodies = new BodyRoom(bodiesBytes);
  const predicting = {
    ...{ project, route, model: current, checkRate, metrics, activity, predictions },
    ...{ bodies, bodyBytes },
  };

  const app = new OpenAPIHono<ServiceEnv>({ getPath: pathBelow });
  mountEndpoints(
    app,
    [
      ...predictionEndpoints(predicting),
      healthEndpoint(current),
      monitoringEndpoint({ activity, model: current, predictions, history: dayOf(history, clock) }),
      metricsEndpoint(metrics),
      ...openInferenceEndpoints(predicting),
      ...docsEndpoints(title, () => openApi(app, title, current())),
    ],
    surround({ clock, newId, modelVersion: () => model.version, logger }),
  );
  return {
    project,
    app,
    get version() {
      return model.version;
    },
    isReady: () => model.queue.isReady,
    async replace(next) {
      const before = model;
      begin(next);
      await before.queue.close();
    },
    close: () => model.queue.close(),
  };
}

/** What was predicted in the day before now. */
function dayOf(history: ServiceHistory, clock: Clock): () => AsyncIterable<Prediction> {
  const to = clock.now();
  return () => history({ from: to - 24 * 3_600_000, to });
}

/** The path after the prefix; by its segments, since a name may be written with percent signs. */
function pathBelow(request: Request, options?: { env?: ServiceEnv["Bindings"] | undefined }): string {
  const start = request.url.indexOf("/", request.url.indexOf("//") + 2);
  const end = request.url.search(/[?#]/);
  const path = request.url.slice(start, end < 0 ? undefined : end);
  const below = options?.env?.below;
  if (below === undefined) return path;
  return `/${path.split("/").slice(below.split("/").length).join("/")}`;
}

/** A relative server: the document is right wherever the application is mounted. */
function openApi(
  app: OpenAPIHono<ServiceEnv>,
  title: string,
  { name, version }: ServedModel<never, unknown>,
) {
  const info = { title, version: String(version), description: `${name}, version ${version}` };
  return app.getOpenAPI31Document({ openapi: "3.1.0", info, servers: [{ url: "." }] });
}

function healthEndpoint(model: () => ServedModel<never, unknown>): Endpoint {
  const schema = z.object({
    status: z.enum(["ready", "not ready"]),
    model: z.object({ name: z.string(), version: z.number() }),
  });
  const content = { "application/json": { schema } };
  return {
    method: "GET",
    path: "/health",
    api: {
      tag: "Service",
      summary: "Whether the service would answer, and with which model",
      responses: { 200: { description: "Ready", content }, 503: { description: "Not ready", content } },
    },
    handle: () => {
      const { name, version, queue } = model();
      const status = queue.isReady ? "ready" : "not ready";
      return json({ status, model: { name, version } }, { status: queue.isReady ? 200 : 503 });
    },
  };
}

function metricsEndpoint(metrics: Pick<ServiceMetrics<never>, "text" | "contentType">): Endpoint {
  return {
    method: "GET",
    path: "/metrics",
    api: {
      tag: "Service",
      summary: "What Prometheus reads",
      responses: { 200: { description: "Metrics", content: { "text/plain": { schema: z.string() } } } },
    },
    handle: async () => ({ headers: { "content-type": metrics.contentType }, body: await metrics.text() }),
  };
}
