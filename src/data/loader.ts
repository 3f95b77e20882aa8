/** Batches of a task's rows, prepared ahead of whoever runs them: in the main thread, or in worker threads. */
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import type { NdArrays } from "../tensor/index.ts";
import { DataError } from "./data-error.ts";
import type { Loadable, PreparationSource } from "./preparation.ts";
import type { PreparationRequest, Prepared } from "./prepare-examples.ts";
import { preparedAhead } from "./prepared-ahead.ts";
import { LocalPreparer, type Preparer, startThreads, type Threads } from "./preparers.ts";

/** Typed arrays for one run of a program, and the rows they came from. */
export interface Batch {
  /** Indexes into the rows of the split, in the order of the arrays' first dimension. */
  readonly rows: readonly number[];
  readonly inputs: NdArrays;
}

export interface LoadingOptions {
  /** Where worker threads find the task; without it all is prepared in the main thread. */
  readonly source?: PreparationSource | undefined;
  /**
   * Threads that prepare; 0 for the main thread. Unless given, as many as there are cores (four at most), and only
   * once it shows that the work is worth starting them.
   */
  readonly workers?: number | undefined;
}

export interface LoaderOptions extends LoadingOptions {
  /** Of the random changes of training. */
  readonly seed: number;
}

/** Loads the rows of some splits. Whoever opened it closes it. */
export interface Loader<Split extends string, Example = unknown> {
  /**
   * The examples of all rows, in their order: of a task whose examples are kept.
   * @throws {DataError} `unprepared_row`, `worker_failed`; or the signal's reason
   */
  examples(
    split: Split,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Example[]>;
  /**
   * The length of each row. Examples that are kept are prepared for it.
   * @throws {DataError} `unprepared_row`, `worker_failed`; or the signal's reason
   */
  lengths(split: Split, options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly number[]>;
  /**
   * Batches of these rows, in this order. They are prepared from now on, some of them ahead of being asked for.
   * @param epoch with it the random changes of this epoch of training are made
   */
  batches(
    split: Split,
    groups: readonly (readonly number[])[],
    options?: { readonly epoch?: number },
  ): AsyncIterableIterator<Batch, undefined>;
  close(): Promise<void>;
}

/** A thread with the modules of a task and its tokenizer takes 160 MB. */
const mostWorkers = 4;

/** Rows that a thread prepares at a time, of those that are kept. */
const chunkSize = 256;

/**
 * What must be left to do before threads are started for it. A thread that opens the movie reviews' task needs 1.5 to
 * 2.3 s (0.3 for the modules, the rest for the tokenizer), the main thread prepares all their 8,530 rows in 0.9 to 1.5 s.
 */
const worthThreadsMs = 4_000;

export const openLoader = <Row, Example, Split extends string>(
  loadable: Loadable<Row, Example>,
  splits: Readonly<Record<Split, readonly Row[]>>,
  options: LoaderOptions,
): Loader<Split, Example> => new OpenLoader(loadable, splits, options);

class OpenLoader<Row, Example, Split extends string> implements Loader<Split, Example> {
  readonly #loadable: Loadable<Row, Example>;
  readonly #splits: Readonly<Record<Split, readonly Row[]>>;
  readonly #options: LoaderOptions;
  readonly #local: LocalPreparer<Row, Example>;
  /** Examples of the splits that are kept. */
  readonly #kept = new Map<Split, Example[]>();
  #threads: Threads<Row, Example> | undefined;
  #areThreadsOpen = false;
  #threadError: unknown;

  constructor(
    loadable: Loadable<Row, Example>,
    splits: Readonly<Record<Split, readonly Row[]>>,
    options: LoaderOptions,
  ) {
    this.#loadable = loadable;
    this.#splits = splits;
    this.#options = options;
    this.#local = new LocalPreparer(loadable);
    if (loadable.prepareForTraining && !loadable.streamed)
      throw new DataError(
        "invalid_option",
        "streamed",
        "prepareForTraining changes examples anew in each epoch, so its task must be `streamed: true`",
      );
    if (options.workers) this.#start(options.workers);
  }

  async examples(split: Split, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
    return this.#kept.get(split) ?? this.#prepareAll(split, signal);
  }

  async lengths(split: Split, options: { readonly signal?: AbortSignal | undefined } = {}) {
    if (this.#loadable.streamed) return this.#splits[split].map(() => 1);
    const examples = await this.examples(split, options);
    return examples.map((example) => this.#loadable.lengthOf(example));
  }

  async #prepareAll(split: Split, signal: AbortSignal | undefined): Promise<Example[]> {
    const { length } = this.#splits[split];
    const chunks = Array.from({ length: Math.ceil(length / chunkSize) }, (_, i) => {
      const start = i * chunkSize;
      return Array.from({ length: Math.min(chunkSize, length - start) }, (_, j) => start + j);
    });
    const examples: Example[] = [];
    const prepared = preparedAhead(
      chunks,
      () => 2 * this.#atOnce,
      (places) => this.#ask(split, places, {}, (preparer, request) => preparer.examples(request)),
    );
    try {
      for await (const chunk of prepared) {
        signal?.throwIfAborted();
        for (const example of chunk) examples.push(example);
        this.#startFor(length - examples.length);
      }
    } finally {
      await prepared.return?.();
    }
    this.#kept.set(split, examples);
    const isDone = Object.keys(this.#splits).every((name) => this.#kept.has(name as Split));
    // Each thread has a tokenizer of its own in memory.
    if (isDone) await this.close();
    return examples;
  }

  batches(
    split: Split,
    groups: readonly (readonly number[])[],
    options: { readonly epoch?: number } = {},
  ): AsyncIterableIterator<Batch, undefined> {
    if (!this.#loadable.streamed)
      return preparedAhead(
        groups,
        () => 2,
        (rows) => this.#collate(split, rows),
      );
    let left = groups.reduce((sum, rows) => sum + rows.length, 0);
    return preparedAhead(
      groups,
      () => 1 + this.#atOnce,
      async (rows) => {
        const inputs = await this.#ask(split, rows, options, (preparer, request) => preparer.batch(request));
        left -= rows.length;
        this.#startFor(left);
        return { rows, inputs };
      },
    );
  }

  /** Of kept examples, which takes no time worth a thread: while the caller waits for the step before. */
  async #collate(split: Split, rows: readonly number[]): Promise<Batch> {
    if (!this.#kept.has(split)) await this.lengths(split);
    await setImmediate();
    const examples = this.#kept.get(split)!;
    return { rows, inputs: this.#loadable.collate(rows.map((row) => examples[row]!)) };
  }

  async #ask<Value>(
    split: Split,
    places: readonly number[],
    { epoch }: { readonly epoch?: number },
    ask: (preparer: Preparer<Row, Example>, request: PreparationRequest<Row>) => Promise<Prepared<Value>>,
  ): Promise<Value> {
    // Threads that were asked for are waited for; those that come because there is much to do take over when they can.
    if (this.#options.workers) await this.#threads?.opened;
    const rows = this.#splits[split];
    const request = {
      rows: places.map((place) => rows[place]!),
      places,
      ...(epoch !== undefined && { variation: { seed: this.#options.seed, epoch } }),
    };
    const prepared = await ask(this.#preparer(), request);
    if ("value" in prepared) return prepared.value;
    const { place, error } = prepared.failed;
    const what = error instanceof Error ? error.message : String(error);
    const message = `row ${place} of the ${split} split (counted from 0) cannot be prepared: ${what}\nMend or remove it.`;
    throw new DataError("unprepared_row", split, message, { cause: error });
  }

  #preparer(): Preparer<Row, Example> {
    if (this.#threadError) throw this.#threadError;
    return this.#threads && this.#areThreadsOpen ? this.#threads : this.#local;
  }

  /** Requests that are worked on at the same time. */
  get #atOnce(): number {
    return this.#threads?.count ?? 1;
  }

  /** Threads for so many rows, where nobody has said how many there shall be and the rows are worth it. */
  #startFor(rows: number): void {
    if (this.#options.workers !== undefined || this.#threads) return;
    if (this.#local.estimateMs(rows) >= worthThreadsMs)
      this.#start(Math.min(mostWorkers, availableParallelism()));
  }

  #start(count: number): void {
    const { source } = this.#options;
    if (!source) return;
    this.#threads = startThreads(source, count);
    this.#threads.opened.then(
      () => {
        this.#areThreadsOpen = true;
      },
      (error: unknown) => {
        this.#threadError = error;
      },
    );
  }

  async close(): Promise<void> {
    await this.#threads?.close();
  }
}
