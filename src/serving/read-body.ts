/** The body of a request: limited, decoded and parsed, with an answer that helps where it is not JSON. */
import type { HonoRequest } from "hono";
import { ServingError } from "./serving-error.ts";

export interface BodyExpectations {
  readonly limitBytes: number;
  /** A right request, for the messages. */
  readonly hint: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a JSON body. Halves of surrogate pairs, which only an escape such as `\ud800` can write, become U+FFFD, as
 * they do wherever text is decoded.
 *
 * @throws {ServingError} `unsupported-media-type`, `body-too-large` or `invalid-json`
 */
export async function readJson(
  request: HonoRequest,
  { limitBytes, hint }: BodyExpectations,
): Promise<unknown> {
  expectJson(request, hint);
  expectUncompressed(request);
  const bytes = await readBytes(request, limitBytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw invalidJson("the body is not UTF-8", hint, cause);
  }
  if (text.trim() === "") throw invalidJson("the body is empty", hint);
  try {
    return JSON.parse(text, mayHoldLoneSurrogates(text) ? wellFormed : undefined);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? placeOf(cause) : "it is nested too deeply";
    throw invalidJson(`the body is not JSON: ${reason}`, hint, cause);
  }
}

function expectJson(request: HonoRequest, hint: string): void {
  const type = request.header("content-type");
  if (type !== "application/json" && !/^application\/([\w.-]+\+)?json *(;|$)/i.test(type ?? ""))
    throw new ServingError(
      "unsupported-media-type",
      `the body must be JSON with the header content-type: application/json; ${hint}`,
      { expected: "application/json", got: type ?? "no content-type" },
    );
}

export function expectUncompressed(request: HonoRequest): void {
  const encoding = request.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity")
    throw new ServingError(
      "unsupported-media-type",
      "the body must not be compressed: leave out content-encoding",
      {
        expected: "no content-encoding",
        got: encoding,
      },
    );
}

/** @throws {ServingError} `body-too-large`, or `invalid-json` where it breaks off */
export async function readBytes(request: HonoRequest, limitBytes: number): Promise<Uint8Array> {
  const declared = request.header("content-length");
  if (declared !== undefined && request.header("transfer-encoding") === undefined) {
    if (Number(declared) > limitBytes) throw tooLarge(limitBytes, `${declared} bytes`);
    return new Uint8Array(await request.arrayBuffer().catch(brokenOff));
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.raw.body ?? []) {
      size += chunk.length;
      if (size > limitBytes) throw tooLarge(limitBytes, `more than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ServingError) throw error;
    brokenOff(error);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limitBytes: number, got: string): ServingError {
  return new ServingError("body-too-large", `the body must have at most ${limitBytes} bytes, got ${got}`, {
    expected: `at most ${limitBytes} bytes`,
    got,
  });
}

function brokenOff(cause: unknown): never {
  throw new ServingError("invalid-json", "the request ended before its body did", { cause });
}

function invalidJson(problem: string, hint: string, cause?: unknown): ServingError {
  return new ServingError("invalid-json", `${problem}; ${hint}`, {
    expected: "JSON",
    cause,
  });
}

/** V8 says where in words, and quotes the text around it, which does not belong into an answer. */
function placeOf(error: SyntaxError): string {
  const position = /at position \d+(?: \(line \d+ column \d+\))?/.exec(error.message)?.[0];
  return position === undefined ? "it ends too early" : `it goes wrong ${position}`;
}

const mayHoldLoneSurrogates = (text: string): boolean => /\\u[dD][89a-fA-F]/.test(text);

const wellFormed = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.toWellFormed() : value;
