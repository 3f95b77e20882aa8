/** The two ways to ask for a prediction: the project's own route, and `POST /predict` with the whole answer. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Endpoint } from "./endpoint.ts";
import { errorSchema } from "./error-reply.ts";
import type { InferenceQueue } from "./inference-queue.ts";
import { parseRequest } from "./parse-request.ts";
import type { PredictionLog } from "./prediction-log.ts";
import { readJson } from "./read-body.ts";
import { round, type ServiceEnv } from "./request-context.ts";
import type { Servable, ServiceRoute } from "./servable.ts";
import type { ServiceMetrics } from "./service-metrics.ts";

export interface PredictionOptions<Input, Example, Answer, Body, Reply> {
  readonly project: string;
  readonly model: { readonly name: string; readonly version: number };
  readonly servable: Servable<Input, Example, Answer>;
  readonly route: ServiceRoute<Input, Answer, Body, Reply>;
  readonly queue: InferenceQueue<Example, Answer>;
  readonly metrics: ServiceMetrics<Input>;
  readonly predictions: PredictionLog;
  readonly bodyBytes: number;
}

interface Predicted<Answer, Body> {
  readonly body: Body;
  readonly answer: Answer;
  readonly probabilities: readonly number[] | undefined;
  readonly latencyMs: number;
}

export function predictionEndpoints<Input, Example, Answer, Body, Reply>(
  options: PredictionOptions<Input, Example, Answer, Body, Reply>,
): Endpoint[] {
  const { route, model, bodyBytes } = options;
  const json = (c: Context<ServiceEnv>) => readJson(c.req, { limitBytes: bodyBytes, example: route.example });
  const query = (c: Context<ServiceEnv>) => c.req.query();
  return [
    {
      method: route.method,
      path: route.path,
      api: {
        summary: route.summary,
        request: route.method === "GET" ? queryOf(route) : bodyOf(route),
        responses: responses(route.response),
      },
      async handle(c) {
        const { answer, body } = await predict(c, route.method === "GET" ? query : json, options);
        return c.json(route.toReply(answer, body) as object);
      },
    },
    {
      method: "POST",
      path: "/predict",
      api: {
        summary: "The same, with all that the model says",
        request: bodyOf(route),
        responses: responses(predictReply),
      },
      async handle(c) {
        const { body: _, ...predicted } = await predict(c, json, options);
        const { name, version } = model;
        return c.json({ ...predicted, model: { name, version }, requestId: c.get("requestId") });
      },
    },
  ];
}

/** The way of a request: bytes, body, input, example, answer; behind it metrics and log. */
async function predict<Input, Example, Answer, Body, Reply>(
  c: Context<ServiceEnv>,
  read: (c: Context<ServiceEnv>) => unknown,
  {
    project,
    model,
    servable,
    route,
    queue,
    metrics,
    predictions,
  }: PredictionOptions<Input, Example, Answer, Body, Reply>,
): Promise<Predicted<Answer, Body>> {
  metrics.requests.inc();
  try {
    const body = parseRequest(route.request, await read(c), route.example);
    const input = route.toInput(body);
    metrics.observeInput(input);
    const answer = await queue.ask(await servable.prepare(input));
    const probabilities = servable.probabilities?.(answer);
    const latencyMs = round(c.get("elapsedMs")());
    metrics.latency.observe(latencyMs / 1000);
    predictions.add({
      id: c.get("requestId"),
      project,
      modelVersion: model.version,
      time: c.get("time"),
      latencyMs,
      input,
      answer,
      ...(probabilities && { probabilities }),
    });
    return { body, answer, probabilities, latencyMs };
  } catch (error) {
    metrics.errors.inc();
    throw error;
  }
}

const predictReply = z.object({
  answer: z.unknown().describe("All that the task says about the input"),
  probabilities: z.array(z.number()).optional().describe("One per class, in the order of the model's labels"),
  model: z.object({ name: z.string(), version: z.number() }),
  latencyMs: z.number(),
  requestId: z.string(),
});

function bodyOf<Body>({ request, example }: Pick<ServiceRoute<never, never, Body>, "request" | "example">) {
  return { body: { required: true, content: { "application/json": { schema: request, example } } } };
}

function queryOf({ request }: Pick<ServiceRoute<never, never>, "request">) {
  return request instanceof z.ZodObject ? { query: request } : {};
}

function responses(answer: z.ZodType) {
  const content = (schema: z.ZodType) => ({ "application/json": { schema } });
  return {
    200: { description: "The prediction", content: content(answer) },
    "4XX": {
      description: "The request is wrong; the message says how a right one looks",
      content: content(errorSchema),
    },
    500: { description: "The model failed on this input", content: content(errorSchema) },
    503: {
      description: "Too many requests: ask again after Retry-After seconds",
      content: content(errorSchema),
    },
  };
}
