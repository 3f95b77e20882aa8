/** Calls of methods across a thread: one side serves an object, the other holds its asynchronous mirror. */
import type { MessagePort, Transferable, Worker } from "node:worker_threads";
import { TensorError } from "../errors.ts";

interface Call {
  readonly id: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

type Reply = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string });

/** A result whose buffers move to the other thread instead of being copied. */
export class Transferred<T> {
  readonly value: T;
  readonly buffers: readonly Transferable[];

  constructor(value: T, buffers: readonly Transferable[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

type Served = Record<string, (...parameters: never[]) => unknown>;

/** Serves the methods of `target`, one call after the other in the order they came. */
export function serve(port: MessagePort, target: Served): void {
  let last: Promise<void> = Promise.resolve();
  port.on("message", ({ id, method, parameters }: Call) => {
    last = last.then(async () => {
      try {
        const result = await target[method]!(...(parameters as never[]));
        if (result instanceof Transferred)
          port.postMessage({ id, result: result.value }, [...result.buffers]);
        else port.postMessage({ id, result });
      } catch (error) {
        port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
      }
    });
  });
}

/** Calls into a worker that serves; a worker that ends rejects what is under way and every later call. */
export class WorkerCalls {
  readonly #worker: Worker;
  readonly #pending = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #next = 0;
  #ended: TensorError | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (reply: Reply) => {
      const waiting = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ("error" in reply) waiting?.reject(new TensorError(reply.error));
      else waiting?.resolve(reply.result);
    });
    worker.on("error", (error) => this.#end(`the worker thread failed: ${(error as Error).message}`));
    worker.on("exit", (code) => this.#end(`the worker thread ended with code ${code}`));
  }

  call<T>(
    method: string,
    parameters: readonly unknown[] = [],
    transfer: readonly Transferable[] = [],
  ): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#worker.postMessage({ id, method, parameters } satisfies Call, [...transfer]);
    });
  }

  /** Whether a call has not been answered yet. */
  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  /** Lets the process end although the worker lives. */
  unref(): void {
    this.#worker.unref();
  }

  async close(): Promise<void> {
    this.#end("the session is closed");
    await this.#worker.terminate();
  }

  #end(message: string): void {
    this.#ended ??= new TensorError(message);
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}
