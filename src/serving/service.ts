import type { Hono } from "hono";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { InferenceSession } from "../tensor/index.ts";
import type { Clock } from "./clock.ts";
import type { PredictionLog } from "./prediction-log.ts";
import type { InputMetric, Servable, ServiceRoute } from "./servable.ts";

/** A registered model version, opened. The service closes its sessions. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
  readonly session: InferenceSession;
  /** Opens the same model once more: to replace a session whose worker crashed, and for `limits.sessions` above 1. */
  readonly reopen?: () => Promise<InferenceSession>;
}

export interface ServiceLimits {
  /** Largest request body; above it 413. */
  readonly bodyBytes?: number;
  /** Requests that may wait for the model; beyond it 503 with Retry-After. */
  readonly queued?: number;
  /** Largest batch of one inference. */
  readonly batch?: number;
  /** How long a request may wait for company in its batch; 0 takes what is there. */
  readonly waitMs?: number;
  /** A request that has no answer after this long gets 503. */
  readonly deadlineMs?: number;
  /** Sessions that run side by side. */
  readonly sessions?: number;
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
  readonly app: Hono;
  /** Whether a request would be answered. */
  isReady(): boolean;
  /** Answers what was accepted, then closes the sessions; the prediction log stays open. */
  close(): Promise<void>;
}

export function service<Input, Example, Answer, Body, Reply>(
  options: ServiceOptions<Input, Example, Answer, Body, Reply>,
): Service {
  throw new Error(`not written yet: ${options}`);
}
