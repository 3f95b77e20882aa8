export type HttpErrorCode = "port-in-use" | "cannot-listen";

/** Why a server cannot accept connections: data first, words for the person last. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: HttpErrorCode;
  readonly expected: string | undefined;
  readonly got: string | undefined;

  constructor(
    code: HttpErrorCode,
    message: string,
    { expected, got, cause }: { expected?: string; got?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.expected = expected;
    this.got = got;
  }
}
