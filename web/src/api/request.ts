import * as z from "zod/mini";
import { ApiError } from "./api-error.ts";

export interface RequestOptions {
  readonly signal?: AbortSignal;
  /** Asked with GET unless there is a body. */
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON with POST. */
  readonly body?: unknown;
  /** POST without a body. */
  readonly method?: "POST";
  /** Sent as it is with POST, in place of a body. */
  readonly form?: FormData;
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Asks a server and checks its answer.
 *
 * @param path relative to the page, or absolute
 * @throws {ApiError} with the server's own words where it has some; an abort by `signal` passes through as it is
 */
export async function request<Schema extends z.core.$ZodType>(
  path: string,
  schema: Schema,
  options: RequestOptions = {},
): Promise<z.output<Schema>> {
  const response = await send(path, options);
  const text = await readText(response, path, options);
  if (!response.ok) throw refusal(response, path, text);
  const answer = z.safeParse(schema, parseJson(text));
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  throw new ApiError(
    `${path} answered something that this page cannot read (unexpected ${issue?.path.join(".") || "answer"}). ` +
      "Page and server may be of different versions: reload the page, and run `npm run build:web`.",
    { status: response.status, cause: answer.error },
  );
}

/** The same for a file of text. */
export async function requestText(path: string, options: RequestOptions = {}): Promise<string> {
  const response = await send(path, options);
  const text = await readText(response, path, options);
  if (!response.ok) throw refusal(response, path, text);
  return text;
}

/** The same for an answer that comes in parts: as soon as the first can be read. */
export async function requestStream(
  path: string,
  options: RequestOptions = {},
): Promise<ReadableStream<Uint8Array>> {
  const response = await send(path, options);
  if (response.ok && response.body) return response.body;
  throw refusal(response, path, await readText(response, path, options));
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const { signal, query = {}, body, method, form, timeoutMs = 30_000, fetch = globalThis.fetch } = options;
  const search = new URLSearchParams(query).toString();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(search === "" ? path : `${path}?${search}`, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(form && { method: "POST", body: form }),
      ...(method && { method }),
      ...(body !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
  } catch (error) {
    throw noAnswer(path, error, options);
  }
}

async function readText(response: Response, path: string, options: RequestOptions): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw noAnswer(path, error, options);
  }
}

function noAnswer(path: string, cause: unknown, { signal, timeoutMs = 30_000 }: RequestOptions): unknown {
  if (signal?.aborted) return cause;
  if (cause instanceof DOMException && cause.name === "TimeoutError") {
    return new ApiError(`${path} did not answer within ${timeoutMs / 1000} s.`, { cause });
  }
  return new ApiError("Havn does not answer. Is “npx havn up” still running in its terminal?", { cause });
}

const serviceError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const mlflowError = z.object({ error_code: z.string(), message: z.string() });

/** A refusal in the words of the service (`{error: {code, message}}`) or of the tracking API (`{error_code, message}`). */
function refusal(response: Response, path: string, text: string): ApiError {
  const body = parseJson(text);
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const details = { status: response.status, ...(seconds >= 0 && { retryAfterSeconds: seconds }) };
  const service = z.safeParse(serviceError, body);
  if (service.success) {
    return new ApiError(service.data.error.message, { ...details, code: service.data.error.code });
  }
  const mlflow = z.safeParse(mlflowError, body);
  if (mlflow.success) return new ApiError(mlflow.data.message, { ...details, code: mlflow.data.error_code });
  return new ApiError(`${path} answered ${response.status} ${response.statusText}`.trim(), details);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
