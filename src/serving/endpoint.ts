/** Endpoints of a service, and how an application is made from them. */
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { routePath } from "hono/route";
import type { Call, Reply, ServiceEnv } from "./call.ts";
import { errorReply } from "./error-reply.ts";
import { ServingError } from "./serving-error.ts";
import type { Handle } from "./surround.ts";

/** The groups in which `/docs` shows endpoints. */
type Tag = "Predictions" | "Service" | "Open Inference Protocol";

/** All that an endpoint is; its OpenAPI entry, and what other methods and paths are answered, follow from it. */
export interface Endpoint {
  readonly method: "GET" | "POST";
  /** In hono's form: `/v2/models/:name`. */
  readonly path: string;
  /** Left out where the endpoint is no part of the API: pages and their files. */
  readonly api?: Pick<RouteConfig, "summary" | "request" | "responses"> & { readonly tag: Tag };
  handle(call: Call): Reply | Promise<Reply>;
}

type Surround = (
  handle: Handle,
  prefixOf: (c: Context<ServiceEnv>) => string,
) => (c: Context<ServiceEnv>) => Promise<Response>;

/**
 * Puts the endpoints into an application; any other method gets 405 with `Allow`, any other path 404 with the list.
 *
 * @throws {ServingError} `route-taken` when two have the same method and path
 */
export function mountEndpoints(
  app: OpenAPIHono<ServiceEnv>,
  endpoints: readonly Endpoint[],
  surround: Surround,
): void {
  const prefixOf = (c: Context<ServiceEnv>) => c.env?.below ?? "";
  const paths = Map.groupBy(endpoints, ({ path }) => path);
  for (const [path, ofPath] of paths) {
    for (const { method, api, handle } of ofPath) {
      app.on(method, path, surround(handle, prefixOf));
      if (api) {
        const { tag, ...described } = api;
        app.openAPIRegistry.registerPath({
          method: method === "GET" ? "get" : "post",
          path: path.replace(/:(\w+)/g, "{$1}"),
          tags: [tag],
          ...described,
        });
      }
    }
    const methods = ofPath.map(({ method }) => method);
    const taken = methods.find((method, index) => methods.indexOf(method) !== index);
    if (taken)
      throw new ServingError(
        "route-taken",
        `${taken} ${path} is a route of every service: choose another path`,
        { path },
      );
    app.all(
      path,
      surround((call) => methodNotAllowed(call, methods), prefixOf),
    );
  }
  app.all(
    "*",
    surround(
      (call) => notFound(call, endpoints),
      (c) => prefixOf(c) + routePath(c).replace(/\/\*$/, ""),
    ),
  );
}

function methodNotAllowed({ request }: Call, methods: readonly string[]): Reply {
  const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  const error = new ServingError(
    "method-not-allowed",
    `${request.path} answers ${allow}, got ${request.method}`,
    { expected: allow, got: request.method },
  );
  return errorReply(error, { allow });
}

function notFound({ request, prefix }: Call, endpoints: readonly Endpoint[]): Reply {
  const routes = endpoints
    .filter(({ path }) => !path.startsWith("/docs/") && !path.startsWith("/v2"))
    .map(({ method, path }) => `${method} ${prefix}${path}`)
    .join(", ");
  return errorReply(
    new ServingError("not-found", `there is nothing at ${request.path}; this service has ${routes}`, {
      expected: routes,
      got: request.path,
    }),
  );
}
