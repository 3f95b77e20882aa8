/** Endpoints of a service, and how an application is made from them. */
import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { routePath } from "hono/route";
import { errorReply } from "./error-reply.ts";
import type { ServiceEnv } from "./request-context.ts";
import { ServingError } from "./serving-error.ts";

/** All that an endpoint is; its OpenAPI entry, and what other methods and paths are answered, follow from it. */
export interface Endpoint {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Left out where the endpoint is no part of the API: pages and their files. */
  readonly api?: Pick<RouteConfig, "summary" | "request" | "responses">;
  handle(c: Context<ServiceEnv>): Response | Promise<Response>;
}

/**
 * Puts the endpoints into an application; any other method gets 405 with `Allow`, any other path 404 with the list.
 *
 * @throws {ServingError} `route-taken` when two have the same method and path
 */
export function mountEndpoints(app: OpenAPIHono<ServiceEnv>, endpoints: readonly Endpoint[]): void {
  const paths = Map.groupBy(endpoints, ({ path }) => path);
  for (const [path, ofPath] of paths) {
    for (const { method, api, handle } of ofPath) {
      app.on(method, path, handle);
      if (api) app.openAPIRegistry.registerPath({ method: method === "GET" ? "get" : "post", path, ...api });
    }
    const methods = ofPath.map(({ method }) => method);
    const taken = methods.find((method, index) => methods.indexOf(method) !== index);
    if (taken)
      throw new ServingError(
        "route-taken",
        `${taken} ${path} is a route of every service: choose another path`,
        {
          path,
        },
      );
    app.all(path, (c) => methodNotAllowed(c, methods));
  }
  app.all("*", (c) => notFound(c, endpoints));
}

function methodNotAllowed(c: Context, methods: readonly string[]): Response {
  const allow = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  const error = new ServingError(
    "method-not-allowed",
    `${c.req.path} answers ${allow}, got ${c.req.method}`,
    {
      expected: allow,
      got: c.req.method,
    },
  );
  return errorReply(error, { allow });
}

function notFound(c: Context, endpoints: readonly Endpoint[]): Response {
  const prefix = routePath(c).replace(/\/\*$/, "");
  const routes = endpoints
    .filter(({ path }) => !path.startsWith("/docs/"))
    .map(({ method, path }) => `${method} ${prefix}${path}`)
    .join(", ");
  return errorReply(
    new ServingError("not-found", `there is nothing at ${c.req.path}; this service has ${routes}`, {
      expected: routes,
      got: c.req.path,
    }),
  );
}
