/** The two ways to ask for a prediction: the project's own route, and `POST /predictions` with the whole answer. */
import { z } from "@hono/zod-openapi";
import type { BodyShare } from "./body-room.ts";
import { type Call, json, type Reply } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorSchema } from "./error-reply.ts";
import { parseRequest } from "./parse-request.ts";
import { asPrediction, type Predicting, predict } from "./predict.ts";
import { readJson } from "./read-body.ts";
import { readForm } from "./read-form.ts";
import { readQuery } from "./read-query.ts";
import { readsOf, requestHint } from "./request-hint.ts";
import { bodyOf, queryOf } from "./route-schema.ts";
import type { ServiceRoute } from "./servable.ts";
import { streamedPrediction } from "./stream-prediction.ts";

export interface PredictionEndpointsOptions<Input, Answer, Body, Reply>
  extends Predicting<Input, Answer, Body, Reply> {
  /** Largest body. */
  readonly bodyBytes: number;
}

export function predictionEndpoints<Input, Answer, Body, Reply>(
  options: PredictionEndpointsOptions<Input, Answer, Body, Reply>,
): Endpoint[] {
  const { route, bodyBytes } = options;
  const reads = readsOf(route);
  const readOwn = bodyReader(route, reads, bodyBytes);
  // A query has room for little: the same fields as JSON, unless there are files among them.
  const readWhole = bodyReader(route, reads === "form" ? "form" : "json", bodyBytes);
  return [
    {
      method: route.method,
      path: route.path,
      api: {
        tag: "Predictions",
        summary: route.summary,
        request: reads === "query" ? queryOf(route) : bodyOf(route, reads),
        responses: responses(route.response, route.streams !== undefined),
      },
      handle: (call) =>
        asPrediction(call, options, async (share) => {
          const body = await readOwn(call, share);
          if (route.streams?.(body)) return streamedPrediction(call, body, options);
          const { answer } = await predict(call, route.toInput(body), options);
          return json(route.toReply(answer, body));
        }),
    },
    {
      method: "POST",
      path: "/predictions",
      api: {
        tag: "Predictions",
        summary: "The same, with all that the model says",
        request: bodyOf(route, reads === "form" ? "form" : "json"),
        responses: responses(predictionReply),
      },
      handle: (call) =>
        asPrediction(call, options, async (share) =>
          wholePrediction(call, await readWhole(call, share), options),
        ),
    },
  ];
}

async function wholePrediction<Input, Answer, Body>(
  call: Call,
  body: Body,
  options: Predicting<Input, Answer, Body>,
): Promise<Reply> {
  const input = options.route.toInput(body);
  const { answer, probabilities, label, confidence, model, latencyMs } = await predict(call, input, options);
  const { name, version } = model;
  return json({
    answer,
    label,
    probabilities,
    confidence,
    model: { name, version },
    latencyMs,
    requestId: call.requestId,
  });
}

/** @throws {ServingError} for what is not as the route says */
function bodyReader<Body>(
  { request, example }: Pick<ServiceRoute<never, never, Body>, "request" | "example">,
  reads: "json" | "query" | "form",
  limitBytes: number,
): (call: Call, share: BodyShare) => Promise<Body> {
  const hint = requestHint(reads, example);
  const read = async ({ request }: Call, share: BodyShare): Promise<unknown> => {
    if (reads === "query") return readQuery(request.url, hint);
    return (reads === "json" ? readJson : readForm)(request, { limitBytes, share, hint });
  };
  return async (call, share) => parseRequest(request, await read(call, share), hint);
}

const predictionReply = z.object({
  answer: z.unknown().describe("All that the task says about the input"),
  label: z.string().optional().describe("What the answer comes to in a word"),
  probabilities: z.array(z.number()).optional().describe("One per class, in the order of the model's labels"),
  confidence: z.number().optional().describe("Probability of what was answered"),
  model: z.object({ name: z.string(), version: z.number() }),
  latencyMs: z.number(),
  requestId: z.string(),
});

function responses(answer: z.ZodType, streams = false) {
  const content = (schema: z.ZodType) => ({ "application/json": { schema } });
  return {
    200: {
      description: "The prediction",
      content: { ...content(answer), ...(streams && { "text/event-stream": { schema: z.string() } }) },
    },
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
