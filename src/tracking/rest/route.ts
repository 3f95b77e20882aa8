// What a route is, and how a list of them becomes an application.
import { type InspectOptions, inspect } from "node:util";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import type { Store } from "../store.ts";
import type { Access } from "./access.ts";
import { errorResponse, MlflowError, toMlflowError } from "./mlflow-error.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What a route works with beside its own request. */
export interface RouteContext {
  readonly store: Store;
  readonly access: Access;
  /** As it came: for bodies that are no JSON, and headers. */
  readonly raw: Request;
  /** The largest file that may be uploaded. */
  readonly maxArtifactBytes: number;
}

interface RouteKind {
  readonly path: string;
  /**
   * What it needs of the token: GET reads and all others write, unless given. `none` is for routes whose path holds a
   * secret of its own.
   */
  readonly needs?: "read" | "write" | "none";
  /** `bytes` leaves the body to the route. */
  readonly body?: "json" | "bytes";
}

/** All that a route is. */
export interface Route<Request extends z.ZodType, Response extends z.ZodType> extends RouteKind {
  /** MLflow offers some reads under two methods. */
  readonly method: Method | readonly Method[];
  /** Of the query (GET) or the JSON body (all others), and of the parameters in the path. */
  readonly request: Request;
  readonly response: Response;
  handle(request: z.output<Request>, context: RouteContext): Promise<z.input<Response>>;
}

/** A route whose request has not been parsed yet, so that routes of all kinds can stand in one list. */
export interface AnyRoute extends RouteKind {
  readonly methods: readonly Method[];
  readonly request: z.ZodType;
  readonly response: z.ZodType;
  answer(request: unknown, context: RouteContext): Promise<unknown>;
}

/** States a route; validation, error bodies and statuses follow from it. */
export function route<Request extends z.ZodType, Response extends z.ZodType>(
  definition: Route<Request, Response>,
): AnyRoute {
  const { method, request, ...rest } = definition;
  return {
    ...rest,
    methods: typeof method === "string" ? [method] : method,
    request,
    async answer(input, context) {
      const parsed = request.safeParse(input);
      if (!parsed.success) throw invalidParameter(parsed.error, input);
      return definition.handle(parsed.data, context);
    },
  };
}

export interface ApplicationOptions {
  readonly maxBodyBytes: number;
  readonly maxArtifactBytes: number;
  readonly access: Access;
  readonly report: (error: unknown) => void;
}

/** An application of these routes. A route that answers a `Response` is passed on, everything else is sent as JSON. */
export function application(
  routes: readonly AnyRoute[],
  store: Store,
  { maxBodyBytes, maxArtifactBytes, access, report }: ApplicationOptions,
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
  for (const { methods, path, needs, body = "json", answer } of routes) {
    const handle = async (context: Context) => {
      const need = needs ?? (methods.includes("GET") ? "read" : "write");
      const refusal = need === "none" ? undefined : access.refusal(context.req.raw, need);
      if (refusal) return refusal;
      const input = { ...(await inputOf(context, body)), ...context.req.param() };
      const result = await answer(input, { store, access, raw: context.req.raw, maxArtifactBytes });
      return result instanceof Response ? result : context.json(result as object);
    };
    if (body === "json") app.on([...methods], path, limit, handle);
    else app.on([...methods], path, handle);
  }
  return app;
}

async function inputOf(context: Context, body: "json" | "bytes"): Promise<Record<string, unknown>> {
  if (context.req.method === "GET" || context.req.method === "HEAD" || body === "bytes") {
    // A key that comes several times is a list, as the Python client sends it.
    const entries = Object.entries(context.req.queries()).map(([key, values]) => [
      key,
      values.length > 1 ? values : values[0],
    ]);
    return Object.fromEntries(entries);
  }
  const text = textOf(await context.req.arrayBuffer());
  // Without a body there is nothing that a page of another site could have put into it, and deleting has none.
  if (text === "" && context.req.method === "DELETE") return {};
  // A page of another site can send text, but not JSON, without the browser asking us first.
  if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
    throw new MlflowError(
      "BAD_REQUEST",
      "the request body must be JSON, with the header Content-Type: application/json",
      415,
    );
  }
  return parseJson(text);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Without `fatal`, letters of another encoding would be stored as question marks, and nobody told. */
function textOf(body: ArrayBuffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw new MlflowError("BAD_REQUEST", "the request body is not written in UTF-8");
  }
}

function parseJson(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = text === "" ? {} : JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MlflowError("BAD_REQUEST", `the request body is not JSON: ${reason}`);
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new MlflowError("INVALID_PARAMETER_VALUE", "the request must be a JSON object");
}

/** JSON.stringify would go as deep as the request does, and fail there. */
const briefly: InspectOptions = { depth: 0, maxArrayLength: 3, breakLength: Number.POSITIVE_INFINITY };

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
  if (got === undefined)
    return new MlflowError("INVALID_PARAMETER_VALUE", `Missing value for required parameter '${name}'.`);
  const shown = typeof got === "string" ? JSON.stringify(got.slice(0, 100)) : inspect(got, briefly);
  return new MlflowError(
    "INVALID_PARAMETER_VALUE",
    `Invalid value ${shown} for parameter '${name}' supplied: ${issue?.message}`,
  );
}
