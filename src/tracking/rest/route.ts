// What a route is, and how a list of them becomes an application.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import type { Store } from "../store.ts";
import { errorResponse, MlflowError, toMlflowError } from "./mlflow-error.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** All that a route is. */
export interface Route<Request extends z.ZodType, Response extends z.ZodType> {
  /** MLflow offers some reads under two methods. */
  readonly method: Method | readonly Method[];
  readonly path: string;
  /** Of the query (GET) or the JSON body (all others). */
  readonly request: Request;
  readonly response: Response;
  handle(request: z.output<Request>, context: { store: Store }): Promise<z.input<Response>>;
}

/** A route whose request has not been parsed yet, so that routes of all kinds can stand in one list. */
export interface AnyRoute {
  readonly methods: readonly Method[];
  readonly path: string;
  readonly request: z.ZodType;
  readonly response: z.ZodType;
  answer(request: unknown, context: { store: Store }): Promise<unknown>;
}

/** States a route; validation, error bodies and statuses follow from it. */
export function route<Request extends z.ZodType, Response extends z.ZodType>(
  definition: Route<Request, Response>,
): AnyRoute {
  const { method, path, request, response } = definition;
  return {
    methods: typeof method === "string" ? [method] : method,
    path,
    request,
    response,
    async answer(input, context) {
      const parsed = request.safeParse(input);
      if (!parsed.success) throw invalidParameter(parsed.error, input);
      return definition.handle(parsed.data, context);
    },
  };
}

/** An application of these routes. A route that answers a `Response` is passed on, everything else is sent as JSON. */
export function application(
  routes: readonly AnyRoute[],
  store: Store,
  { maxBodyBytes, report }: { maxBodyBytes: number; report: (error: unknown) => void },
): Hono {
  const app = new Hono();
  app.onError((error) => {
    const known = toMlflowError(error);
    if (known) return errorResponse(known);
    report(error);
    return errorResponse(new MlflowError("INTERNAL_ERROR", "the tracking server failed; its log says more"));
  });
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: () =>
      errorResponse(
        new MlflowError("BAD_REQUEST", `the request body is larger than ${maxBodyBytes} bytes`, 413),
      ),
  });
  for (const { methods, path, answer } of routes) {
    app.on([...methods], path, limit, async (context) => {
      const result = await answer(await inputOf(context), { store });
      return result instanceof Response ? result : context.json(result as object);
    });
  }
  return app;
}

async function inputOf(context: Context): Promise<unknown> {
  if (context.req.method === "GET") {
    // A key that comes several times is a list, as the Python client sends it.
    const entries = Object.entries(context.req.queries()).map(([key, values]) => [
      key,
      values.length > 1 ? values : values[0],
    ]);
    return Object.fromEntries(entries);
  }
  // A page of another site can send text, but not JSON, without the browser asking us first.
  if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
    throw new MlflowError(
      "BAD_REQUEST",
      "the request body must be JSON, with the header Content-Type: application/json",
      415,
    );
  }
  const body = await context.req.text();
  try {
    return body === "" ? {} : JSON.parse(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MlflowError("BAD_REQUEST", `the request body is not JSON: ${reason}`);
  }
}

/** The first thing that is wrong, in MLflow's words where it has some. */
function invalidParameter(error: z.ZodError, input: unknown): MlflowError {
  const issue = error.issues[0];
  const at = issue?.path ?? [];
  const name = at.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part),
    "",
  );
  const got = at.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part],
    input,
  );
  if (name === "") return new MlflowError("INVALID_PARAMETER_VALUE", "the request must be a JSON object");
  if (got === undefined)
    return new MlflowError("INVALID_PARAMETER_VALUE", `Missing value for required parameter '${name}'.`);
  const shown = JSON.stringify(got)?.slice(0, 100);
  return new MlflowError(
    "INVALID_PARAMETER_VALUE",
    `Invalid value ${shown} for parameter '${name}' supplied: ${issue?.message}`,
  );
}
