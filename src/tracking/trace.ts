// Traces: what one call of a traced program did, without its spans, which lie beside it as an artifact.
import type { Page, SearchQuery } from "./store.ts";

export type TraceState = "STATE_UNSPECIFIED" | "OK" | "ERROR" | "IN_PROGRESS";

export interface Trace {
  /** Chosen by the client: `tr-` and 32 hexadecimal digits. */
  readonly traceId: string;
  readonly experimentId: string;
  readonly requestTime: number;
  /** Milliseconds; missing while it goes on. */
  readonly duration?: number;
  readonly state: TraceState;
  readonly clientRequestId?: string;
  readonly requestPreview?: string;
  readonly responsePreview?: string;
  /** Fixed when the trace is written; tags may change. */
  readonly metadata: Record<string, string>;
  readonly tags: Record<string, string>;
}

export interface TraceQuery extends SearchQuery {
  readonly experimentIds: readonly string[];
}

/** Which traces of an experiment are to go: those named, or those up to a time, oldest first. */
export type TraceSelection =
  | { readonly traceIds: readonly string[] }
  | { readonly until: number; readonly atMost?: number };

export interface TraceStore {
  /** Writes a trace, in place of one of the same id. */
  putTrace(trace: Trace): Promise<Trace>;
  /** @throws {StoreError} `not-found` */
  getTrace(traceId: string): Promise<Trace>;
  /** Those of them that are there. */
  getTraces(traceIds: readonly string[]): Promise<Trace[]>;
  searchTraces(query: TraceQuery): Promise<Page<Trace>>;
  setTraceTag(traceId: string, key: string, value: string): Promise<void>;
  /** @throws {StoreError} `not-found` where the trace has no such tag */
  deleteTraceTag(traceId: string, key: string): Promise<void>;
  /** Removes traces for good and says which they were. */
  deleteTraces(experimentId: string, which: TraceSelection): Promise<string[]>;
}
