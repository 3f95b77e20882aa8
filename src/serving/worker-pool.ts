import type { Logger } from "pino";
import type { Clock } from "./clock.ts";

const firstPauseMs = 500;
const longestPauseMs = 30_000;

/** What a pool needs of a worker. */
export interface PooledWorker {
  /** Fulfilled when it has ended, whoever ended it. */
  readonly ended: Promise<Error>;
  close(): Promise<void>;
}

export interface WorkerPoolOptions<Worker> {
  /** Opens one more. */
  readonly open: () => Promise<Worker>;
  readonly clock: Clock;
  /** Called when a worker has become idle. */
  readonly onIdle: () => void;
  readonly logger?: Logger | undefined;
}

/** The workers of one model: which are idle, and new ones in place of those that ended. */
export class WorkerPool<Worker extends PooledWorker> {
  readonly #options: WorkerPoolOptions<Worker>;
  readonly #idle: Worker[] = [];
  readonly #open = new Set<Worker>();
  /** Workers that ended since one last worked: the pause before the next is opened grows with them. */
  #failuresInRow = 0;
  #closed = false;

  /** @param first the worker that is open already */
  constructor(first: Worker, options: WorkerPoolOptions<Worker>) {
    this.#options = options;
    this.#adopt(first);
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Whether a request may be expected to be answered. */
  get isHealthy(): boolean {
    return !this.#closed && this.#open.size > 0 && this.#failuresInRow < 3;
  }

  get size(): number {
    return this.#open.size;
  }

  take(): Worker | undefined {
    return this.#idle.shift();
  }

  /** Takes a worker back after work that it did; one that has ended meanwhile is not taken. */
  giveBack(worker: Worker): void {
    this.#failuresInRow = 0;
    if (!this.#open.has(worker)) return;
    this.#idle.push(worker);
    this.#options.onIdle();
  }

  /** Opens `count` more workers in the background. */
  grow(count: number): void {
    for (let i = 0; i < count; i++) void this.#openNow();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.length = 0;
    const open = [...this.#open];
    this.#open.clear();
    await Promise.all(open.map((worker) => worker.close()));
  }

  #adopt(worker: Worker): void {
    this.#open.add(worker);
    this.#idle.push(worker);
    void worker.ended.then((error) => this.#replace(worker, error));
    this.#options.onIdle();
  }

  /** A model that ends its worker again and again is opened at growing intervals. */
  #replace(worker: Worker, error: Error): void {
    if (!this.#open.delete(worker)) return;
    const place = this.#idle.indexOf(worker);
    if (place >= 0) this.#idle.splice(place, 1);
    this.#options.logger?.error({ err: error }, "an inference worker ended; another takes its place");
    this.#openLater(this.#failuresInRow++);
  }

  #openLater(failures: number): void {
    const pauseMs = failures === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
    if (pauseMs === 0) void this.#openNow();
    else this.#options.clock.after(pauseMs, () => void this.#openNow());
  }

  async #openNow(): Promise<void> {
    if (this.#closed) return;
    try {
      const worker = await this.#options.open();
      if (this.#closed) await worker.close();
      else this.#adopt(worker);
    } catch (err) {
      if (this.#closed) return;
      this.#options.logger?.error({ err }, "the model could not be opened again");
      this.#openLater(++this.#failuresInRow);
    }
  }
}
