/** The way of a request to its answer, and what happens behind the answer. */
import type { BodyRoom, BodyShare } from "./body-room.ts";
import { type Call, round } from "./call.ts";
import type { Answered } from "./outcome.ts";
import type { PredictionLog } from "./prediction-log.ts";
import type { RecentActivity } from "./recent-activity.ts";
import type { ServiceRoute } from "./servable.ts";
import { ask, type ServedModel } from "./served-model.ts";
import type { ServiceMetrics } from "./service-metrics.ts";
import { ServingError, servingStatus } from "./serving-error.ts";

/** What endpoints that ask the model work with. */
export interface Predicting<Input, Answer, Body = unknown, Reply = unknown> {
  readonly project: string;
  readonly route: ServiceRoute<Input, Answer, Body, Reply>;
  /** The model that answers at the moment. */
  model(): ServedModel<Input, Answer>;
  /** Throws `rate-limited` where the client has asked too often. */
  readonly checkRate: (client: string) => void;
  readonly metrics: ServiceMetrics<Input>;
  readonly activity: RecentActivity;
  readonly predictions: PredictionLog;
  readonly bodies: BodyRoom;
}

/** A prediction as it is replied. */
export interface Predicted<Answer> extends Answered<Answer> {
  readonly model: ServedModel<unknown, Answer>;
  readonly latencyMs: number;
}

/** Counts a request for predictions, and refuses it before its body is read where it would not be answered anyway. */
export async function asPrediction<Input, Answer, Result>(
  call: Call,
  { metrics, activity, checkRate, model, bodies }: Predicting<Input, Answer>,
  work: (share: BodyShare) => Promise<Result>,
): Promise<Result> {
  metrics.requests.inc();
  const share = bodies.share();
  try {
    if (call.client !== undefined) checkRate(call.client);
    model().queue.expectRoom();
    return await work(share);
  } catch (error) {
    const code = error instanceof ServingError ? error.code : "internal";
    metrics.errors.inc();
    if (servingStatus[code] >= 429) activity.failed(call.time, code);
    throw error;
  } finally {
    share.release();
  }
}

/** Asks the model about one input. @throws {ServingError} */
export async function predict<Input, Answer>(
  call: Call,
  input: Input,
  options: Predicting<Input, Answer>,
): Promise<Predicted<Answer>> {
  options.metrics.observeInput(input);
  // What comes in now is answered by the model of now, also when another takes over meanwhile.
  const model = options.model();
  call.modelVersion = model.version;
  const answered = await ask(model, input, call.request.raw.signal);
  return record(call, { input, answered, model }, options);
}

/** Measures and logs an answer. */
export function record<Input, Answer>(
  call: Call,
  {
    input,
    answered,
    model,
    id = call.requestId,
  }: { input: Input; answered: Answered<Answer>; model: ServedModel<unknown, Answer>; id?: string },
  { project, metrics, activity, predictions }: Predicting<Input, Answer>,
): Predicted<Answer> {
  const { answer, probabilities, label, confidence } = answered;
  const latencyMs = round(call.elapsedMs());
  metrics.latency.observe(latencyMs / 1000);
  activity.answered({ time: call.time, latencyMs, label, confidence });
  predictions.add({
    id,
    project,
    modelVersion: model.version,
    time: call.time,
    latencyMs,
    input,
    answer,
    ...(probabilities && { probabilities }),
    ...(label !== undefined && { label }),
    ...(confidence !== undefined && { confidence }),
  });
  return { ...answered, model, latencyMs };
}
