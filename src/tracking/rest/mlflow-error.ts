import { StorageError, type StorageErrorCode } from "../../storage/index.ts";
import { StoreError, type StoreErrorCode } from "../store-error.ts";

/** Error codes of the MLflow REST API and the status of each. */
const statusOf = {
  BAD_REQUEST: 400,
  INVALID_PARAMETER_VALUE: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  NOT_IMPLEMENTED: 501,
  INTERNAL_ERROR: 500,
  TEMPORARILY_UNAVAILABLE: 503,
  RESOURCE_EXHAUSTED: 507,
  UNAUTHENTICATED: 401,
} as const;

export type MlflowErrorCode = keyof typeof statusOf;

/** A refusal in the words of the protocol. */
export class MlflowError extends Error {
  readonly code: MlflowErrorCode;
  readonly status: number;

  constructor(code: MlflowErrorCode, message: string, status: number = statusOf[code]) {
    super(message);
    this.name = "MlflowError";
    this.code = code;
    this.status = status;
  }
}

const ofStore: Record<StoreErrorCode, MlflowErrorCode> = {
  "not-found": "RESOURCE_DOES_NOT_EXIST",
  "already-exists": "RESOURCE_ALREADY_EXISTS",
  invalid: "INVALID_PARAMETER_VALUE",
  "newer-database": "INTERNAL_ERROR",
  unavailable: "TEMPORARILY_UNAVAILABLE",
  "no-space": "RESOURCE_EXHAUSTED",
};

const ofStorage: Record<StorageErrorCode, MlflowErrorCode> = {
  "not-found": "RESOURCE_DOES_NOT_EXIST",
  "invalid-name": "INVALID_PARAMETER_VALUE",
  "invalid-range": "INVALID_PARAMETER_VALUE",
  "outside-root": "INVALID_PARAMETER_VALUE",
  conflict: "INVALID_PARAMETER_VALUE",
  "broken-source": "BAD_REQUEST",
  "no-space": "RESOURCE_EXHAUSTED",
  unavailable: "TEMPORARILY_UNAVAILABLE",
};

/** An error in the words of the protocol; `undefined` for one that nobody foresaw. */
export function toMlflowError(error: unknown): MlflowError | undefined {
  if (error instanceof MlflowError) return error;
  if (error instanceof StoreError) return new MlflowError(ofStore[error.code], error.message);
  // What made the store give up an upload is what the client should hear.
  if (error instanceof StorageError && error.cause instanceof MlflowError) return error.cause;
  if (error instanceof StorageError) return new MlflowError(ofStorage[error.code], error.message);
  return undefined;
}

export function errorResponse({ code, status, message }: MlflowError): Response {
  return Response.json({ error_code: code, message }, { status });
}
