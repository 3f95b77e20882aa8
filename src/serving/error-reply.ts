/** Errors as clients see them: `{ error: { code, message, path?, expected?, got? } }`. */
import { z } from "@hono/zod-openapi";
import { ServingError, servingStatus } from "./serving-error.ts";

export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    path: z.string().optional().describe("Where in the body"),
    expected: z.string().optional(),
    got: z.string().optional(),
  }),
});

/** Any error as one that a client may see: what nobody foresaw tells nothing of the inside. */
export function asServingError(error: unknown): ServingError {
  if (error instanceof ServingError) return error;
  return new ServingError(
    "internal",
    "the service failed on this request; its log says why under the x-request-id",
    {
      cause: error,
    },
  );
}

export function errorReply(error: ServingError, headers: Record<string, string> = {}): Response {
  const { code, message, path, expected, got, retryAfterSeconds } = error;
  return Response.json(
    { error: { code, message, path, expected, got } },
    {
      status: servingStatus[code],
      headers: {
        ...headers,
        ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
      },
    },
  );
}
