export type StorageErrorCode =
  | "invalid-name"
  | "invalid-range"
  | "not-found"
  | "outside-root"
  | "conflict"
  | "broken-source"
  | "no-space"
  | "unavailable";

/** What went wrong with an object: data first, words for the person last. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;
  /** The name that was asked for. */
  readonly object: string;

  constructor(code: StorageErrorCode, object: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageError";
    this.code = code;
    this.object = object;
  }
}
