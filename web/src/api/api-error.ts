export interface ApiErrorDetails {
  /** Missing where no answer came at all. */
  readonly status?: number;
  /** The server's own code, such as `RESOURCE_DOES_NOT_EXIST`. */
  readonly code?: string;
  /** When a busy service wants to be asked again. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** What a server refused or failed to do, in words to be shown as they are. */
export class ApiError extends Error {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { status, code, retryAfterSeconds, cause }: ApiErrorDetails = {}) {
    super(message, { cause });
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same request may succeed later: nobody answered, or the server was busy or failed. */
  get isPassing(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}
