import { Worker } from "node:worker_threads";
import type { NdArrays } from "../tensor/index.ts";
import type { Answered, Outcome } from "./outcome.ts";
import type { Job, Ran, ServableSource, ThreadData, ThreadMessage } from "./thread-messages.ts";

/**
 * Task and model of a service in a thread of their own. The caller sends inputs and gets answers: neither a tokenizer
 * nor a decoder of images nor the model runs in its thread. Every promise is rejected only when the thread has ended.
 */
export interface InferenceWorker<Input, Answer> {
  /** One outcome for each input, in order. */
  answer(inputs: readonly Input[]): Promise<readonly Outcome<Answer>[]>;
  /** Runs the model on tensors as they are. */
  run(tensors: NdArrays): Promise<Ran>;
  /**
   * Answers one input in parts.
   * @param signal ends it early
   */
  stream(
    input: Input,
    onPart: (part: Answered<Answer>) => void,
    signal: AbortSignal,
  ): Promise<Outcome<Answer>>;
  /** Fulfilled with the reason when the thread has ended, whoever ended it. */
  readonly ended: Promise<Error>;
  close(): Promise<void>;
}

export interface WorkerResources {
  /** Threads of one run of the model. */
  readonly threads: number;
  /** JavaScript's memory, above which the thread is ended; the model's own lies beside it. */
  readonly heapMb?: number;
}

/** Opens task and model in a thread. @throws what `openServable` of the module throws */
export async function openInferenceWorker<Input, Answer>(
  source: ServableSource,
  { threads, heapMb = 1024 }: WorkerResources,
): Promise<InferenceWorker<Input, Answer>> {
  const thread = new InferenceThread<Input, Answer>({ source, threads }, heapMb);
  await thread.opened;
  return thread;
}

interface Waiting {
  /** Takes a message about its job; says whether it was the last. */
  take(message: ThreadMessage): boolean;
  reject(error: Error): void;
}

class InferenceThread<Input, Answer> implements InferenceWorker<Input, Answer> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Error>();
  #jobs = 0;
  #end: Error | undefined;

  constructor(workerData: ThreadData, maxOldGenerationSizeMb: number) {
    this.#worker = new Worker(new URL("./inference-thread.ts", import.meta.url), {
      workerData,
      // Otherwise a thread may fill as much as the whole process, which takes a minute and the machine with it.
      resourceLimits: { maxOldGenerationSizeMb },
    });
    this.#worker.on("message", (message: ThreadMessage) => this.#take(message));
    this.#worker.on("error", (error) => this.#endWith(error as Error));
    this.#worker.on("exit", (code) => this.#endWith(new Error(`the thread ended with code ${code}`)));
  }

  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  get ended(): Promise<Error> {
    return this.#ended.promise;
  }

  answer(inputs: readonly Input[]): Promise<readonly Outcome<Answer>[]> {
    return this.#ask<readonly Outcome<Answer>[]>({ kind: "answer", inputs }, (message, resolve) => {
      if (message.kind === "answered") resolve(message.outcomes as Outcome<Answer>[]);
      return true;
    });
  }

  run(tensors: NdArrays): Promise<Ran> {
    return this.#ask<Ran>({ kind: "run", tensors }, (message, resolve) => {
      if (message.kind === "ran") resolve(message.ran);
      return true;
    });
  }

  async stream(input: Input, onPart: (part: Answered<Answer>) => void, signal: AbortSignal) {
    const stop = new SharedArrayBuffer(4);
    const raise = () => void Atomics.store(new Int32Array(stop), 0, 1);
    if (signal.aborted) raise();
    signal.addEventListener("abort", raise);
    try {
      return await this.#ask<Outcome<Answer>>({ kind: "stream", input, stop }, (message, resolve) => {
        if (message.kind === "part") onPart(message.part as Answered<Answer>);
        if (message.kind !== "streamed") return false;
        resolve(message.outcome as Outcome<Answer>);
        return true;
      });
    } finally {
      signal.removeEventListener("abort", raise);
    }
  }

  async close(): Promise<void> {
    this.#endWith(new Error("the thread was closed"));
    await this.#worker.terminate();
  }

  #ask<Result>(
    job: DistributiveOmit<Job, "id">,
    take: (message: ThreadMessage, resolve: (result: Result) => void) => boolean,
  ): Promise<Result> {
    if (this.#end) return Promise.reject(this.#end);
    const id = this.#jobs++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { take: (message) => take(message, resolve), reject });
      this.#worker.postMessage({ ...job, id });
    });
  }

  #take(message: ThreadMessage): void {
    if (message.kind === "ready") this.#opened.resolve();
    else if (message.kind === "unopened") {
      this.#endWith(message.error);
      void this.#worker.terminate();
    } else if (this.#waiting.get(message.id)?.take(message)) this.#waiting.delete(message.id);
  }

  #endWith(error: Error): void {
    if (this.#end) return;
    this.#end = error;
    this.#opened.promise.catch(() => {}); // known to whoever opens it
    this.#opened.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#ended.resolve(error);
  }
}

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;
