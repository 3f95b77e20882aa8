import type { Logger } from "pino";
import { chooseBatch } from "./choose-batch.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { InferenceWorker } from "./inference-worker.ts";
import { type Answered, errorOf, modelFailed, type Outcome } from "./outcome.ts";
import { Pace } from "./pace.ts";
import { ServingError } from "./serving-error.ts";
import { WorkerPool } from "./worker-pool.ts";

export interface InferenceQueueOptions {
  /** Largest batch of one run. */
  readonly maxBatch?: number | undefined;
  /** How long the oldest request may wait for company; 0 takes what is there. */
  readonly maxWaitMs?: number | undefined;
  /** Requests that may wait; beyond it they are refused at once. */
  readonly maxQueued?: number | undefined;
  /**
   * A request that would wait longer is refused too, as far as the last ones tell; but one batch may wait however long
   * it takes.
   */
  readonly maxQueuedMs?: number | undefined;
  readonly deadlineMs?: number | undefined;
  /** What one request took alone, for a beginning. */
  readonly firstMs?: number | undefined;
  /** Workers side by side; those beyond the first are opened in the background. */
  readonly workers?: number | undefined;
  /** Opens one more worker. */
  readonly open: () => Promise<Worker>;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

type Worker<Input = unknown, Answer = unknown> = InferenceWorker<Input, Answer>;

export interface AskOptions {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** One request in front of the workers: an input that runs in a batch, or work that runs alone. */
interface Request {
  readonly work:
    | { readonly input: unknown; readonly length: number }
    | { run(worker: Worker): Promise<unknown>; mayRunAgain(): boolean };
  /** When it came in, on `Clock.elapsed`. */
  readonly since: number;
  /** Its worker ended under it; it runs once more, alone, so that one bad request spoils no other. */
  isRetry: boolean;
  settle(outcome: { result: unknown } | { error: ServingError }): void;
}

/** A request without an answer by then is refused. */
export const defaultDeadlineMs = 30_000;

/** A worker that has not come back this long after the deadline of all it works on is given up. */
const graceMs = 60_000;

/**
 * Requests in front of the workers of one model. Whenever a worker is idle, what waits is shared out among the idle
 * ones in batches of similar length: alone when it is quiet, in large batches under load.
 */
export class InferenceQueue<Input, Answer> {
  readonly #limits: {
    readonly maxBatch: number;
    readonly maxWaitMs: number;
    readonly maxQueued: number;
    readonly maxQueuedMs: number;
    readonly deadlineMs: number;
  };
  readonly #clock: Clock;
  readonly #pool: WorkerPool<Worker>;
  /** Told of every batch before it runs. */
  onBatch: ((size: number) => void) | undefined;
  #waiting: Request[] = [];
  /** Waiting or running, not yet answered. */
  readonly #unanswered = new Set<Request>();
  #isScheduled = false;
  #cancelWait: (() => void) | undefined;
  readonly #pace = new Pace();
  #closing: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  /** @param first the worker that is open already */
  constructor(
    first: InferenceWorker<Input, Answer>,
    {
      maxBatch = 32,
      maxWaitMs = 0,
      maxQueued = 2048,
      maxQueuedMs = 1000,
      deadlineMs = defaultDeadlineMs,
      firstMs,
      workers = 1,
      open,
      clock = systemClock,
      logger,
    }: InferenceQueueOptions,
  ) {
    this.#limits = { maxBatch, maxWaitMs, maxQueued, maxQueuedMs, deadlineMs };
    if (firstMs !== undefined) this.#pace.measured(1, firstMs / workers);
    this.#clock = clock;
    this.#pool = new WorkerPool(first as Worker, { clock, open, logger, onIdle: () => this.#schedule() });
    this.#pool.grow(workers - 1);
  }

  /** Requests that wait for a worker. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get maxBatch(): number {
    return this.#limits.maxBatch;
  }

  /** Whether a request would be taken and can be expected to be answered. */
  get isReady(): boolean {
    return this.#closing === undefined && this.#pool.isHealthy;
  }

  /**
   * Refuses when nothing more can be taken: worth asking before a body is read.
   *
   * @throws {ServingError} `overloaded` or `closing` (ask again later)
   */
  expectRoom(): void {
    if (this.#closing) throw closing();
    const { maxQueued, maxQueuedMs, maxBatch, deadlineMs } = this.#limits;
    const waiting = this.#waiting.length;
    // Those that run are still ahead of the one that comes.
    const waitMs = this.#unanswered.size * this.#pace.msPerRequest;
    const fillsNextRun = waiting < maxBatch;
    if (waiting >= maxQueued || waitMs > (fillsNextRun ? deadlineMs : maxQueuedMs)) throw this.#overloaded();
  }

  /**
   * The answer to one input.
   *
   * @param length by which inputs are grouped into batches, in any unit
   * @throws {ServingError} `overloaded`, `deadline-exceeded` and `closing` (ask again later), `model-failed`, or what
   *   the task has against the input
   */
  async ask(input: Input, length: number, options: AskOptions = {}): Promise<Answered<Answer>> {
    const outcome = (await this.#enqueue({ input, length }, options)) as Outcome<Answer>;
    if ("refusal" in outcome) throw errorOf(outcome.refusal);
    return outcome.answered;
  }

  /**
   * Work that has a worker for itself.
   *
   * @param mayRunAgain asked when the worker ended under it
   * @throws {ServingError} as `ask` does
   */
  async alone<Result>(
    run: (worker: InferenceWorker<Input, Answer>) => Promise<Result>,
    { mayRunAgain = () => true, ...options }: AskOptions & { mayRunAgain?: () => boolean } = {},
  ): Promise<Result> {
    return (await this.#enqueue(
      { run: run as (worker: Worker) => Promise<unknown>, mayRunAgain },
      options,
    )) as Result;
  }

  #enqueue(work: Request["work"], { signal }: AskOptions): Promise<unknown> {
    this.expectRoom();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const leave = (error: ServingError) => {
      const place = this.#waiting.indexOf(request);
      if (place >= 0) this.#waiting.splice(place, 1);
      request.settle({ error });
    };
    const onAbort = () => leave(abandoned());
    const cancelDeadline = this.#clock.after(this.#limits.deadlineMs, () => leave(this.#tooLate()));
    const request: Request = {
      work,
      since: this.#clock.elapsed(),
      isRetry: false,
      settle: (outcome) => {
        if (!this.#unanswered.delete(request)) return;
        cancelDeadline();
        signal?.removeEventListener("abort", onAbort);
        if ("result" in outcome) resolve(outcome.result);
        else reject(outcome.error);
        if (this.#unanswered.size === 0) this.#onDrained?.();
      },
    };
    this.#unanswered.add(request);
    this.#waiting.push(request);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort);
    this.#schedule();
    return promise;
  }

  /** Refuses new requests, answers those that it has taken, then closes the workers. */
  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose();
    return this.#closing;
  }

  async #drainAndClose(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    if (this.#unanswered.size === 0) resolve();
    this.#schedule();
    await promise;
    this.#cancelWait?.();
    await this.#pool.close();
  }

  /** Dispatches after the sockets that are readable now were read, so that what came together runs together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && this.#pool.idle > 0 && this.#isDue()) {
      const share = Math.ceil(this.#waiting.length / this.#pool.idle);
      const batch = this.#nextBatch(Math.min(share, this.#limits.maxBatch));
      void this.#run(batch, this.#pool.take()!);
    }
  }

  /** Whether the oldest request has waited long enough for company; otherwise it looks again at that moment. */
  #isDue(): boolean {
    const { maxWaitMs, maxBatch } = this.#limits;
    const oldest = this.#waiting[0]!;
    const leftMs = maxWaitMs - (this.#clock.elapsed() - oldest.since);
    if (leftMs <= 0 || oldest.isRetry || this.#closing || this.#waiting.length >= maxBatch) return true;
    if ("run" in oldest.work) return true;
    this.#cancelWait?.();
    this.#cancelWait = this.#clock.after(leftMs, () => this.#schedule());
    return false;
  }

  #nextBatch(size: number): Request[] {
    const oldest = this.#waiting[0]!;
    // Those that are tried again stand in front of all others.
    if (oldest.isRetry || "run" in oldest.work) return [this.#waiting.shift()!];
    const candidates = this.#waiting.flatMap((request) =>
      "input" in request.work && !request.isRetry ? [{ request, length: request.work.length }] : [],
    );
    const chosen = new Set(
      chooseBatch(
        candidates.map(({ length }) => length),
        size,
      ).map((index) => candidates[index]!.request),
    );
    this.#waiting = this.#waiting.filter((request) => !chosen.has(request));
    return [...chosen];
  }

  async #run(batch: readonly Request[], worker: Worker): Promise<void> {
    const started = this.#clock.elapsed();
    this.onBatch?.(batch.length);
    const giveUp = this.#clock.after(this.#limits.deadlineMs + graceMs, () => void worker.close());
    try {
      await this.#settle(batch, worker);
      this.#pace.measured(batch.length, (this.#clock.elapsed() - started) / this.#pool.size);
      this.#pool.giveBack(worker);
    } catch (error) {
      // Only a worker that has ended rejects; where it has not, nobody knows what became of it.
      void worker.close();
      this.#tryAgain(batch, error);
    } finally {
      giveUp();
    }
  }

  async #settle(batch: readonly Request[], worker: Worker): Promise<void> {
    const [first] = batch;
    if (first && "run" in first.work) {
      first.settle({ result: await first.work.run(worker) });
      return;
    }
    const outcomes = await worker.answer(batch.map(({ work }) => ("input" in work ? work.input : undefined)));
    batch.forEach((request, row) => {
      request.settle({ result: outcomes[row]! });
    });
  }

  #tryAgain(batch: readonly Request[], error: unknown): void {
    const again: Request[] = [];
    for (const request of batch) {
      const isFinal = request.isRetry || ("run" in request.work && !request.work.mayRunAgain());
      request.isRetry = true;
      if (isFinal) request.settle({ error: errorOf(modelFailed(error)) });
      else if (this.#unanswered.has(request)) again.push(request);
    }
    this.#waiting.unshift(...again);
    this.#schedule();
  }

  /** Seconds until what waits now is answered, as far as the last requests tell. */
  #secondsToClear(): number {
    return Math.min(60, Math.max(1, Math.ceil((this.#waiting.length * this.#pace.msPerRequest) / 1000)));
  }

  #overloaded(): ServingError {
    const retryAfterSeconds = this.#secondsToClear();
    return new ServingError(
      "overloaded",
      `${this.#waiting.length} requests are already waiting for the model; ask again in ${retryAfterSeconds} s`,
      { retryAfterSeconds },
    );
  }

  #tooLate(): ServingError {
    const retryAfterSeconds = this.#secondsToClear();
    return new ServingError(
      "deadline-exceeded",
      `the model did not answer within ${this.#limits.deadlineMs} ms; ask again in ${retryAfterSeconds} s`,
      { retryAfterSeconds },
    );
  }
}

function closing(): ServingError {
  return new ServingError("closing", "the service is shutting down; ask again in a moment", {
    retryAfterSeconds: 1,
  });
}

const abandoned = (): ServingError =>
  new ServingError("client-gone", "the client went away before it was answered");
