/** What happened when, in any thread of this process: the raw material of a profile. */

/** A stretch of time. */
export interface Span {
  readonly kind: "phase" | "kernel";
  /** What was done: a phase such as `evaluation`, or the operator of a kernel. */
  readonly name: string;
  /** The line on which it is drawn: whoever did it. */
  readonly track: string;
  /** Milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly durationMs: number;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** The clock of spans. A thread's own `performance.now` begins with the thread; together with its origin it is comparable. */
export const traceClock = (): number => performance.timeOrigin + performance.now();

/** Collects spans of one track, the first ones only: a trace of hours could not be opened. */
export class Trace {
  readonly #track: string;
  readonly #limit: number;
  readonly #spans: Span[] = [];

  constructor(track: string, { limit = 10_000 }: { limit?: number } = {}) {
    this.#track = track;
    this.#limit = limit;
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  /** Does the work and keeps how long it took. */
  async time<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
    const start = traceClock();
    try {
      return await work();
    } finally {
      if (this.#spans.length < this.#limit)
        this.#spans.push({
          kind: "phase",
          name,
          track: this.#track,
          start,
          durationMs: traceClock() - start,
        });
    }
  }
}
