/** Errors as clients see them: `{ error: { code, message, path?, expected?, got? } }`. */
import { z } from "@hono/zod-openapi";
import { json, type Reply } from "./call.ts";
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

export const errorBody = ({ code, message, path, expected, got }: ServingError) => ({
  error: { code, message, path, expected, got },
});

export const errorReply = (error: ServingError, headers: Record<string, string> = {}): Reply =>
  json(errorBody(error), {
    status: servingStatus[error.code],
    headers: { ...headers, ...retryAfter(error) },
  });

export const retryAfter = ({ retryAfterSeconds }: ServingError): Record<string, string> =>
  retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
