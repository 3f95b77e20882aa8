/** The body of a request: limited, decoded and parsed, with an answer that helps where it is not JSON. */
import type { HonoRequest } from "hono";
import { ServingError } from "./serving-error.ts";

export interface BodyExpectations {
  readonly limitBytes: number;
  /** A right body, for the messages. */
  readonly example: unknown;
}

/**
 * Reads a JSON body. Halves of surrogate pairs, which only an escape such as `\ud800` can write, become U+FFFD, as
 * they do wherever text is decoded.
 *
 * @throws {ServingError} `unsupported-media-type`, `body-too-large` or `invalid-json`
 */
export async function readJson(
  request: HonoRequest,
  { limitBytes, example }: BodyExpectations,
): Promise<unknown> {
  expectJson(request, example);
  const bytes = await readBytes(request, limitBytes);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalidJson("the body is not UTF-8", example, cause);
  }
  if (text.trim() === "") throw invalidJson("the body is empty", example);
  try {
    return JSON.parse(text, mayHoldLoneSurrogates(text) ? wellFormed : undefined);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? placeOf(cause) : "it is nested too deeply";
    throw invalidJson(`the body is not JSON: ${reason}`, example, cause);
  }
}

function expectJson(request: HonoRequest, example: unknown): void {
  const type = request.header("content-type");
  if (!/^application\/([\w.-]+\+)?json *(;|$)/i.test(type ?? ""))
    throw new ServingError(
      "unsupported-media-type",
      `the body must be JSON: send the header content-type: application/json with a body such as ${show(example)}`,
      { expected: "application/json", got: type ?? "no content-type" },
    );
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

async function readBytes(request: HonoRequest, limitBytes: number): Promise<Uint8Array> {
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

function invalidJson(problem: string, example: unknown, cause?: unknown): ServingError {
  return new ServingError("invalid-json", `${problem}; send for example ${show(example)}`, {
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

/** A value as a line of JSON. */
export const show = (value: unknown): string => JSON.stringify(value) ?? "nothing";
