/** The body of a request: limited, decoded and parsed, with an answer that helps where it is not JSON. */
import type { HonoRequest } from "hono";
import type { BodyShare } from "./body-room.ts";
import { ServingError } from "./serving-error.ts";

export interface BodyLimits {
  readonly limitBytes: number;
  /** Takes what is read into account. */
  readonly share: BodyShare;
  /** The whole body must have come after this long. */
  readonly limitMs?: number;
}

export interface BodyExpectations extends BodyLimits {
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
  { hint, ...limits }: BodyExpectations,
): Promise<unknown> {
  expectJson(request, hint);
  return parseJson(await readBytes(request, limits), hint);
}

/** @throws {ServingError} `invalid-json` */
export function parseJson(bytes: Uint8Array, hint: string): unknown {
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

function expectUncompressed(request: HonoRequest): void {
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

/** @throws {ServingError} `unsupported-media-type`, `body-too-large`, `overloaded`, `request-timeout`, or `invalid-json` where it breaks off */
export async function readBytes(
  request: HonoRequest,
  { limitBytes, share, limitMs = 30_000 }: BodyLimits,
): Promise<Uint8Array> {
  expectUncompressed(request);
  const declared = declaredBytes(request);
  if (declared !== undefined && declared > limitBytes) throw tooLarge(limitBytes, sizeInWords(declared));
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow(limitMs)), limitMs);
  try {
    return await Promise.race([allBytes(request, declared, { limitBytes, share }), late.promise]);
  } catch (error) {
    if (error instanceof ServingError) throw error;
    throw new ServingError("invalid-json", "the request ended before its body did", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function declaredBytes(request: HonoRequest): number | undefined {
  const declared = request.header("content-length");
  return declared === undefined || request.header("transfer-encoding") !== undefined
    ? undefined
    : Number(declared);
}

/** What is read at once, which is quicker than piece by piece. */
const atOnceBytes = 2 ** 16;

async function allBytes(
  request: HonoRequest,
  declared: number | undefined,
  { limitBytes, share }: BodyLimits,
): Promise<Uint8Array> {
  if (declared !== undefined && declared <= atOnceBytes) {
    share.grow(declared);
    return new Uint8Array(await request.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.raw.body ?? []) {
    size += chunk.length;
    if (size > limitBytes) throw tooLarge(limitBytes, `more than ${sizeInWords(limitBytes)}`);
    share.grow(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(limitBytes: number, got: string): ServingError {
  const expected = `at most ${sizeInWords(limitBytes)}`;
  return new ServingError("body-too-large", `the body must have ${expected}, got ${got}`, { expected, got });
}

/** Rounded up, so that what is above a limit reads so: `10 MB`, `10.1 MB`, `200 bytes`. */
export function sizeInWords(bytes: number): string {
  const megabytes = bytes / 2 ** 20;
  return megabytes < 1 ? `${bytes} bytes` : `${Math.ceil(megabytes * 10) / 10} MB`;
}

const tooSlow = (limitMs: number): ServingError =>
  new ServingError(
    "request-timeout",
    `the body must have come within ${limitMs / 1000} s: send it without a pause`,
    {
      expected: `within ${limitMs / 1000} s`,
    },
  );

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
