/** The request of a route as OpenAPI describes it. */
import type { RouteConfig } from "@hono/zod-openapi";
import { z } from "zod";
import { isUploadedFile } from "./request-hint.ts";
import type { ServiceRoute } from "./servable.ts";

type Described<Body> = Pick<ServiceRoute<never, never, Body>, "request" | "example">;
type RequestConfig = NonNullable<RouteConfig["request"]>;

export function bodyOf<Body>({ request, example }: Described<Body>, reads: "json" | "form"): RequestConfig {
  if (reads === "json")
    return { body: { required: true, content: { "application/json": { schema: request, example } } } };
  return { body: { required: true, content: { "multipart/form-data": { schema: formOf(example) } } } };
}

export function queryOf<Body>({ request }: Described<Body>): RequestConfig {
  return request instanceof z.ZodObject ? { query: request } : {};
}

/** A form by its example, since zod has no word for a file of a form. */
function formOf(example: unknown) {
  const fields = Object.entries(example ?? {});
  const properties = Object.fromEntries(
    fields.map(([name, value]) =>
      isUploadedFile(value)
        ? [name, { type: "string" as const, format: "binary" }]
        : [name, { type: "string" as const, example: value }],
    ),
  );
  const required = fields.flatMap(([name, value]) => (isUploadedFile(value) ? [name] : []));
  return { type: "object" as const, properties, required };
}
