/** Where rows are prepared: in the thread that calls, or in worker threads. */
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type NdArrays, WorkerCalls } from "../tensor/index.ts";
import { DataError } from "./data-error.ts";
import type { Loadable, PreparationSource } from "./preparation.ts";
import { type PreparationRequest, type Prepared, prepareExamples } from "./prepare-examples.ts";

export interface Preparer<Row, Example> {
  examples(request: PreparationRequest<Row>): Promise<Prepared<Example[]>>;
  /** The rows collated. */
  batch(request: PreparationRequest<Row>): Promise<Prepared<NdArrays>>;
}

/** How long rows are prepared before other work of the thread gets its turn. */
const sliceMs = 10;

/** Prepares in the thread that calls, one request after the other, and lets its other work through in between. */
export class LocalPreparer<Row, Example> implements Preparer<Row, Example> {
  readonly #loadable: Loadable<Row, Example>;
  #last: Promise<unknown> = Promise.resolve();
  #spentMs = 0;
  #rows = 0;

  constructor(loadable: Loadable<Row, Example>) {
    this.#loadable = loadable;
  }

  /** How long so many rows will take, from those so far; 0 while these were too few to say. */
  estimateMs(rows: number): number {
    return this.#spentMs < 200 ? 0 : (this.#spentMs / this.#rows) * rows;
  }

  examples(request: PreparationRequest<Row>): Promise<Prepared<Example[]>> {
    const prepared = this.#last.then(() => this.#prepare(request));
    this.#last = prepared;
    return prepared;
  }

  async batch(request: PreparationRequest<Row>): Promise<Prepared<NdArrays>> {
    const prepared = await this.examples(request);
    return "failed" in prepared ? prepared : { value: this.#loadable.collate(prepared.value) };
  }

  async #prepare(request: PreparationRequest<Row>): Promise<Prepared<Example[]>> {
    const examples: Example[] = [];
    for (let done = 0; done < request.rows.length; ) {
      await setImmediate();
      const start = performance.now();
      while (done < request.rows.length && performance.now() - start < sliceMs) {
        const one = {
          ...request,
          rows: request.rows.slice(done, done + 1),
          places: request.places.slice(done, done + 1),
        };
        const prepared = await prepareExamples(this.#loadable, one);
        if ("failed" in prepared) return prepared;
        examples.push(...prepared.value);
        done++;
      }
      this.#spentMs += performance.now() - start;
    }
    this.#rows += request.rows.length;
    return { value: examples };
  }
}

/** Prepares in a worker thread. */
class ThreadPreparer<Row, Example> implements Preparer<Row, Example> {
  readonly calls: WorkerCalls;
  /** Requests that are not answered yet. */
  waiting = 0;

  constructor() {
    this.calls = new WorkerCalls(new Worker(new URL("./preparation-worker.ts", import.meta.url)));
  }

  examples(request: PreparationRequest<Row>): Promise<Prepared<Example[]>> {
    return this.#call("examples", request);
  }

  batch(request: PreparationRequest<Row>): Promise<Prepared<NdArrays>> {
    return this.#call("batch", request);
  }

  async #call<Value>(method: string, request: PreparationRequest<Row>): Promise<Prepared<Value>> {
    this.waiting++;
    try {
      return await this.calls.call<Prepared<Value>>(method, [request]);
    } catch (error) {
      throw failed("a worker thread could not prepare rows", error);
    } finally {
      this.waiting--;
    }
  }
}

export interface Threads<Row, Example> extends Preparer<Row, Example> {
  readonly count: number;
  /** When all have opened the preparation. @throws {DataError} `worker_failed` when one cannot */
  readonly opened: Promise<void>;
  /** Ends them, whatever they are doing. */
  close(): Promise<void>;
}

/** Starts threads that each open the preparation, and share its work. */
export function startThreads<Row, Example>(source: PreparationSource, count: number): Threads<Row, Example> {
  const threads = Array.from({ length: count }, () => new ThreadPreparer<Row, Example>());
  const leastBusy = () => threads.reduce((best, thread) => (thread.waiting < best.waiting ? thread : best));
  const opened = Promise.all(threads.map(({ calls }) => calls.call("open", [source]))).then(
    () => {},
    (error: unknown) => {
      throw failed(`a worker thread could not open ${source.module}`, error);
    },
  );
  // Reported to whoever waits for it, and nobody has to.
  opened.catch(() => {});
  return {
    count,
    opened,
    close: async () => void (await Promise.all(threads.map(({ calls }) => calls.close()))),
    examples: (request) => leastBusy().examples(request),
    batch: (request) => leastBusy().batch(request),
  };
}

const failed = (what: string, error: unknown): DataError =>
  new DataError(
    "worker_failed",
    "workers",
    `${what}: ${error instanceof Error ? error.message : String(error)}\nWith 0 workers rows are prepared in the main thread.`,
    { cause: error },
  );
