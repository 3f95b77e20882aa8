/** Load on a service: users that ask one after the other, or requests at a given rate whatever the answers do. */
import { Agent } from "node:http";
import { ask, type LoadRequest } from "./ask.ts";
import { type AnswerCheck, sameAnswer } from "./same-answer.ts";
import { type Latencies, summarize } from "./summarize.ts";

export interface LoadOptions {
  /** Where the service is, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Sent in turn, from the beginning again when they are through. */
  readonly requests: readonly LoadRequest[];
  /** Users that ask again as soon as they are answered; with a rate, the most requests under way at once. */
  readonly users: number;
  readonly durationSeconds: number;
  /** Requests a second at which they are sent, evenly: latencies then count from when a request was due. */
  readonly rate?: number;
  /** Sent before the measurement, until the service is warm. */
  readonly warmUpSeconds?: number;
  /** Each request is asked once alone before the load; answers under load must be the same. */
  readonly check?: AnswerCheck;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface LoadReport {
  readonly url: string;
  readonly users: number;
  /** Requests a second that were sent; missing where users asked as fast as they were answered. */
  readonly rate?: number;
  readonly durationSeconds: number;
  readonly requests: number;
  /** Answers with a status of 2xx. */
  readonly answered: number;
  readonly answersPerSecond: number;
  /** 429 and 503 with Retry-After: the service says that it is full. */
  readonly refused: number;
  /** Requests that were due and could not be sent before the end, since all connections waited; missing without a rate. */
  readonly unsent?: number;
  /** Any other status, by status. */
  readonly failed: Readonly<Record<string, number>>;
  /** Connections that broke or timed out, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Answers that differ from those to the same request alone; missing where none were compared. */
  readonly wrong?: number;
  /** Of answered requests. */
  readonly latency: Latencies;
  /** Answers and 99th percentile of each second, for a curve. */
  readonly seconds: readonly { readonly answered: number; readonly p99: number }[];
}

/** What happened so far. */
class Tally {
  readonly latencies: number[] = [];
  readonly seconds: number[][] = [];
  requests = 0;
  unsent = 0;
  refused = 0;
  wrong = 0;
  readonly failed: Record<string, number> = {};
  readonly errors: Record<string, number> = {};

  answered(latencyMs: number, second: number): void {
    this.latencies.push(latencyMs);
    this.seconds[second] ??= [];
    this.seconds[second].push(latencyMs);
  }
}

const count = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

/**
 * Puts load on a service and measures it.
 *
 * Closed loop (users): a request's latency counts from when it was sent. Open loop (rate): from when it was due, so that
 * a service that stalls is charged for all who would have asked meanwhile (no "coordinated omission", Tene 2013).
 * @throws {Error} when the service cannot be reached at all, or does not answer a single request
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { url, users, durationSeconds, rate, warmUpSeconds = 0, signal } = options;
  const { timeoutMs = 60_000, check } = options;
  const base = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  try {
    const expected = await askAlone(base, agent, options, timeoutMs);
    if (warmUpSeconds > 0) {
      const warmUp = { ...options, durationSeconds: warmUpSeconds };
      await new Load(base, agent, warmUp, timeoutMs, undefined).run(signal);
    }
    const load = new Load(base, agent, options, timeoutMs, check && expected);
    const seconds = await load.run(signal);
    const { tally } = load;
    return {
      ...{ url, users, ...(rate !== undefined && { rate }), durationSeconds: seconds },
      requests: tally.requests,
      answered: tally.latencies.length,
      answersPerSecond: tally.latencies.length / seconds,
      ...{ refused: tally.refused, failed: tally.failed, errors: tally.errors },
      ...(rate !== undefined && { unsent: tally.unsent }),
      ...(check && { wrong: tally.wrong }),
      latency: summarize(tally.latencies),
      seconds: Array.from({ length: Math.ceil(durationSeconds) }, (_, i): LoadReport["seconds"][number] => ({
        answered: tally.seconds[i]?.length ?? 0,
        p99: summarize(tally.seconds[i] ?? []).p99,
      })),
    };
  } finally {
    agent.destroy();
  }
}

/** The answer to each request alone; only the first where none are compared. */
async function askAlone(
  base: URL,
  agent: Agent,
  { requests, check }: LoadOptions,
  timeoutMs: number,
): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const wanted of check ? requests : requests.slice(0, 1)) {
    const answer = await ask(base, agent, wanted, timeoutMs).catch((cause: unknown) => {
      throw new Error(
        `${base.origin} cannot be reached: ${(cause as Error).message}. Is the service running?`,
        {
          cause,
        },
      );
    });
    if (answer.status >= 300)
      throw new Error(
        `${wanted.method} ${base.origin}${wanted.path} was answered ${answer.status}: ${answer.body.slice(0, 300)}`,
      );
    answers.push(answer.body);
  }
  return answers;
}

class Load {
  readonly tally = new Tally();
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #options: LoadOptions;
  readonly #timeoutMs: number;
  readonly #expected: readonly string[] | undefined;
  #next = 0;
  #start = 0;

  constructor(
    base: URL,
    agent: Agent,
    options: LoadOptions,
    timeoutMs: number,
    expected: readonly string[] | undefined,
  ) {
    this.#base = base;
    this.#agent = agent;
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#expected = expected;
  }

  /** @returns seconds that it took until the last answer was there */
  async run(signal: AbortSignal | undefined): Promise<number> {
    this.#start = performance.now();
    const { users, rate, durationSeconds } = this.#options;
    const end = this.#start + 1000 * durationSeconds;
    const isOver = () => performance.now() >= end || signal?.aborted === true;
    if (rate === undefined) await Promise.all(Array.from({ length: users }, () => this.#user(isOver)));
    else await this.#atRate(rate, end, isOver);
    return Math.max(durationSeconds, (performance.now() - this.#start) / 1000);
  }

  /** One user: asks, waits for the answer, asks again; who is refused comes again when the service says, or a little later. */
  async #user(isOver: () => boolean): Promise<void> {
    const end = this.#start + 1000 * this.#options.durationSeconds;
    while (!isOver()) {
      const { wasServed, retryAfterSeconds = 0 } = await this.#askNext(performance.now());
      const pauseMs = wasServed ? 0 : Math.max(100, 1000 * retryAfterSeconds);
      if (performance.now() + pauseMs >= end) return;
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  async #atRate(rate: number, end: number, isOver: () => boolean): Promise<void> {
    const underWay = new Set<Promise<unknown>>();
    const isFull = () => underWay.size >= this.#options.users;
    for (let sent = 0; ; sent++) {
      const due = this.#start + (1000 * sent) / rate;
      const waitMs = due - performance.now();
      if (waitMs > 1 && due < end) await new Promise((resolve) => setTimeout(resolve, waitMs));
      // The time that a request waits here for one of the connections counts as its latency.
      while (isFull() && !isOver()) await Promise.race(underWay);
      if (due >= end || isOver()) {
        // A service that stalls at the end is not spared those that nobody could ask it.
        this.tally.unsent = Math.max(
          0,
          Math.ceil(((Math.min(performance.now(), end) - this.#start) / 1000) * rate) - sent,
        );
        break;
      }
      const asked = this.#askNext(due).finally(() => underWay.delete(asked));
      underWay.add(asked);
    }
    await Promise.all(underWay);
  }

  async #askNext(due: number): Promise<{ wasServed: boolean; retryAfterSeconds?: number }> {
    const index = this.#next++ % this.#options.requests.length;
    const { tally } = this;
    tally.requests++;
    try {
      const answer = await ask(this.#base, this.#agent, this.#options.requests[index]!, this.#timeoutMs);
      const { status, retryAfterSeconds, body } = answer;
      if (status < 300) {
        const now = performance.now();
        tally.answered(now - due, Math.floor((now - this.#start) / 1000));
        const { check } = this.#options;
        if (check && this.#expected && !sameAnswer(this.#expected[index]!, body, check)) tally.wrong++;
        return { wasServed: true };
      }
      if ((status === 503 || status === 429) && retryAfterSeconds !== undefined) {
        tally.refused++;
        return { wasServed: false, retryAfterSeconds };
      }
      count(tally.failed, String(status));
    } catch (error) {
      count(tally.errors, String((error as NodeJS.ErrnoException).code ?? (error as Error).message));
    }
    return { wasServed: false };
  }
}
