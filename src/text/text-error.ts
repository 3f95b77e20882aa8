/** What can go wrong with a tokenizer folder or an encoding. */
export type TextErrorCode = "missing_file" | "invalid_file" | "invalid_option";

/** A tokenizer that cannot be read, or a request to it that makes no sense. */
export class TextError extends Error {
  override readonly name = "TextError";
  readonly code: TextErrorCode;
  /** File or option the error is about. */
  readonly path: string;

  constructor(code: TextErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}
