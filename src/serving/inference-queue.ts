import type { Logger } from "pino";
import type { InferenceSession, NdArrays } from "../tensor/index.ts";
import { chooseBatch } from "./choose-batch.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Servable } from "./servable.ts";
import { ServingError } from "./serving-error.ts";
import { SessionPool } from "./session-pool.ts";

export interface InferenceQueueOptions {
  /** Largest batch of one run. */
  readonly maxBatch?: number;
  /** How long the oldest request may wait for company; 0 takes what is there. */
  readonly maxWaitMs?: number;
  /** Requests that may wait; beyond it `ask` is refused at once. */
  readonly maxQueued?: number;
  readonly deadlineMs?: number;
  /** Sessions that run side by side; those beyond the given ones are opened by `reopen`. */
  readonly sessions?: number;
  readonly reopen?: (() => Promise<InferenceSession>) | undefined;
  readonly clock?: Clock;
  readonly logger?: Logger | undefined;
  /** Told of every batch before it runs. */
  readonly onBatch?: (size: number) => void;
}

type Work<Example, Answer> = Pick<Servable<never, Example, Answer>, "collate" | "lengthOf" | "respond">;

interface Request<Example, Answer> {
  readonly example: Example;
  readonly length: number;
  /** When it came in, on `Clock.elapsed`. */
  readonly since: number;
  /** It was in a batch that failed; it runs once more, alone, so that one bad request spoils no other. */
  isRetry: boolean;
  settle(outcome: { answer: Answer } | { error: ServingError }): void;
}

/**
 * Requests in front of the sessions of one model. Whenever a session is idle, what waits is shared out among the
 * idle sessions in batches of similar length: alone when it is quiet, in large batches under load.
 */
export class InferenceQueue<Example, Answer> {
  readonly #work: Work<Example, Answer>;
  readonly #options: Required<
    Pick<InferenceQueueOptions, "maxBatch" | "maxWaitMs" | "maxQueued" | "deadlineMs">
  >;
  readonly #clock: Clock;
  readonly #onBatch: ((size: number) => void) | undefined;
  readonly #pool: SessionPool;
  #waiting: Request<Example, Answer>[] = [];
  /** Waiting or running, not yet answered. */
  readonly #unanswered = new Set<Request<Example, Answer>>();
  #isScheduled = false;
  #cancelWait: (() => void) | undefined;
  /** Running mean of what one request costs while all sessions work. */
  #msPerRequest = 0;
  #closing: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  constructor(
    sessions: readonly InferenceSession[],
    work: Work<Example, Answer>,
    {
      maxBatch = 32,
      maxWaitMs = 0,
      maxQueued = 1024,
      deadlineMs = 30_000,
      sessions: wanted = sessions.length,
      reopen,
      clock = systemClock,
      logger,
      onBatch,
    }: InferenceQueueOptions = {},
  ) {
    this.#work = work;
    this.#options = { maxBatch, maxWaitMs, maxQueued, deadlineMs };
    this.#clock = clock;
    this.#onBatch = onBatch;
    this.#pool = new SessionPool(sessions, { clock, reopen, logger, onIdle: () => this.#schedule() });
    this.#pool.grow(wanted - sessions.length);
  }

  /** Requests that wait for a session. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether a request would be taken and can be expected to be answered. */
  get isReady(): boolean {
    return this.#closing === undefined && this.#pool.isHealthy;
  }

  /**
   * The answer to one example.
   *
   * @throws {ServingError} `overloaded`, `deadline-exceeded` and `closing` (ask again later), or `model-failed`
   */
  async ask(example: Example): Promise<Answer> {
    if (this.#closing) throw closing();
    if (this.#waiting.length >= this.#options.maxQueued) throw this.#overloaded();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const request: Request<Example, Answer> = {
      example,
      length: this.#work.lengthOf(example),
      since: this.#clock.elapsed(),
      isRetry: false,
      settle: (outcome) => {
        if (!this.#unanswered.delete(request)) return;
        cancelDeadline();
        if ("answer" in outcome) resolve(outcome.answer);
        else reject(outcome.error);
        if (this.#unanswered.size === 0) this.#onDrained?.();
      },
    };
    const cancelDeadline = this.#clock.after(this.#options.deadlineMs, () => {
      this.#waiting = this.#waiting.filter((waiting) => waiting !== request);
      request.settle({ error: this.#tooLate() });
    });
    this.#unanswered.add(request);
    this.#waiting.push(request);
    this.#schedule();
    return promise;
  }

  /** Refuses new requests, answers those that it has taken, then closes the sessions. */
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
      const batch = this.#nextBatch(Math.min(share, this.#options.maxBatch));
      void this.#run(batch);
    }
  }

  /** Whether the oldest request has waited long enough for company; otherwise it looks again at that moment. */
  #isDue(): boolean {
    const { maxWaitMs, maxBatch } = this.#options;
    const oldest = this.#waiting[0]!;
    const leftMs = maxWaitMs - (this.#clock.elapsed() - oldest.since);
    if (leftMs <= 0 || oldest.isRetry || this.#closing || this.#waiting.length >= maxBatch) return true;
    this.#cancelWait?.();
    this.#cancelWait = this.#clock.after(leftMs, () => this.#schedule());
    return false;
  }

  #nextBatch(size: number): Request<Example, Answer>[] {
    // Those that are tried again stand in front of all others.
    if (this.#waiting[0]!.isRetry) return [this.#waiting.shift()!];
    const lengths = this.#waiting.map(({ length }) => length);
    const chosen = new Set(chooseBatch(lengths, size));
    const batch = this.#waiting.filter((_, index) => chosen.has(index));
    this.#waiting = this.#waiting.filter((_, index) => !chosen.has(index));
    return batch;
  }

  async #run(batch: readonly Request<Example, Answer>[]): Promise<void> {
    try {
      const inputs = this.#work.collate(batch.map(({ example }) => example));
      const outputs = await this.#runOn(this.#pool.take()!, inputs, batch.length);
      this.#answer(batch, this.#work.respond(outputs));
    } catch (error) {
      this.#tryAgain(batch, error);
    }
  }

  async #runOn(session: InferenceSession, inputs: NdArrays, size: number): Promise<NdArrays> {
    const started = this.#clock.elapsed();
    this.#onBatch?.(size);
    try {
      const outputs = await session.run(inputs);
      this.#measure((this.#clock.elapsed() - started) / size / this.#pool.size);
      this.#pool.giveBack(session);
      return outputs;
    } catch (error) {
      this.#pool.replace(session, error);
      throw error;
    }
  }

  #answer(batch: readonly Request<Example, Answer>[], answers: readonly Answer[]): void {
    if (answers.length !== batch.length)
      throw new Error(
        `respond must return one answer for each row, expected ${batch.length}, got ${answers.length}`,
      );
    batch.forEach((request, row) => {
      request.settle({ answer: answers[row]! });
    });
  }

  #tryAgain(batch: readonly Request<Example, Answer>[], error: unknown): void {
    const again = batch.filter((request) => !request.isRetry && this.#unanswered.has(request));
    for (const request of batch) {
      if (request.isRetry) request.settle({ error: modelFailed(error) });
      request.isRetry = true;
    }
    this.#waiting.unshift(...again);
    this.#schedule();
  }

  #measure(ms: number): void {
    this.#msPerRequest = this.#msPerRequest === 0 ? ms : 0.9 * this.#msPerRequest + 0.1 * ms;
  }

  /** Seconds until what waits now is answered, as far as the last requests tell. */
  #secondsToClear(): number {
    return Math.min(60, Math.max(1, Math.ceil((this.#waiting.length * this.#msPerRequest) / 1000)));
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
      `the model did not answer within ${this.#options.deadlineMs} ms; ask again in ${retryAfterSeconds} s`,
      { retryAfterSeconds },
    );
  }
}

function closing(): ServingError {
  return new ServingError("closing", "the service is shutting down; ask again in a moment", {
    retryAfterSeconds: 1,
  });
}

function modelFailed(cause: unknown): ServingError {
  return new ServingError(
    "model-failed",
    "the model failed on this input twice; the log of the service says why",
    {
      cause,
    },
  );
}
