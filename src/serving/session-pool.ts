import type { Logger } from "pino";
import type { InferenceSession } from "../tensor/index.ts";
import type { Clock } from "./clock.ts";

const firstPauseMs = 500;
const longestPauseMs = 30_000;

export interface SessionPoolOptions {
  readonly clock: Clock;
  /** Called when a session has become idle. */
  readonly onIdle: () => void;
  /** Opens the same model once more. Without it a failed session stays in use. */
  readonly reopen?: (() => Promise<InferenceSession>) | undefined;
  readonly logger?: Logger | undefined;
}

/** The sessions of one model: which are idle, and new ones in place of those that failed. */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #idle: InferenceSession[];
  readonly #open: Set<InferenceSession>;
  /** Sessions that failed since the last one that worked: the pause before the next attempt grows with them. */
  #failuresInRow = 0;
  #closed = false;

  constructor(sessions: readonly InferenceSession[], options: SessionPoolOptions) {
    this.#options = options;
    this.#idle = [...sessions];
    this.#open = new Set(sessions);
  }

  get idle(): number {
    return this.#idle.length;
  }

  /** Whether a run may be expected to succeed. */
  get isHealthy(): boolean {
    return !this.#closed && this.#open.size > 0 && this.#failuresInRow < 3;
  }

  get size(): number {
    return this.#open.size;
  }

  take(): InferenceSession | undefined {
    return this.#idle.shift();
  }

  /** Takes a session back after a run that worked. */
  giveBack(session: InferenceSession): void {
    this.#failuresInRow = 0;
    this.#idle.push(session);
    this.#options.onIdle();
  }

  /**
   * Puts another session in the place of one whose run failed. A session does not say whether its worker is still
   * alive, so every failed one is replaced; a model that fails again and again is opened at growing intervals.
   */
  replace(session: InferenceSession, error: unknown): void {
    const { reopen, logger } = this.#options;
    const failures = this.#failuresInRow++;
    logger?.error({ err: error, replaced: reopen !== undefined }, "an inference session failed");
    if (reopen === undefined) {
      this.#idle.push(session);
      this.#options.onIdle();
      return;
    }
    this.#open.delete(session);
    session.close().catch((err: unknown) => logger?.warn({ err }, "a failed session did not close"));
    this.#openLater(reopen, failures);
  }

  /** Opens `count` more sessions in the background. */
  grow(count: number): void {
    const { reopen } = this.#options;
    if (reopen === undefined) return;
    for (let i = 0; i < count; i++) this.#openLater(reopen, 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idle.length = 0;
    await Promise.all([...this.#open].map((session) => session.close()));
    this.#open.clear();
  }

  #openLater(reopen: () => Promise<InferenceSession>, failures: number): void {
    const pauseMs = failures === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
    if (pauseMs === 0) void this.#openNow(reopen);
    else this.#options.clock.after(pauseMs, () => void this.#openNow(reopen));
  }

  async #openNow(reopen: () => Promise<InferenceSession>): Promise<void> {
    if (this.#closed) return;
    try {
      const session = await reopen();
      if (this.#closed) return await session.close();
      this.#open.add(session);
      this.#idle.push(session);
      this.#options.onIdle();
    } catch (err) {
      this.#options.logger?.error({ err }, "the model could not be opened again");
      this.#openLater(reopen, ++this.#failuresInRow);
    }
  }
}
