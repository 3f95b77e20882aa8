/** What can be wrong with an image or with a request to work on one. */
export type ImageErrorCode =
  | "empty_image"
  | "unsupported_format"
  | "animated_image"
  | "too_many_pixels"
  | "damaged_image"
  | "invalid_option"
  | "missing_file"
  | "invalid_file";

/** An image that cannot be used: what was expected, what came, and what to do about it. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly code: ImageErrorCode;
  readonly expected: string;
  readonly got: string;
  /** What the sender can do; absent where `expected` says it all. */
  readonly advice: string | undefined;

  constructor(
    code: ImageErrorCode,
    { expected, got, advice, ...options }: ErrorOptions & { expected: string; got: string; advice?: string },
  ) {
    super(`expected ${expected}, got ${got}${advice === undefined ? "" : `; ${advice}`}`, options);
    this.code = code;
    this.expected = expected;
    this.got = got;
    this.advice = advice;
  }
}
