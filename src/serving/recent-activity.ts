/** What a service did lately, minute by minute: counts, labels, confidence, latency, errors. */
import type { Clock } from "./clock.ts";

export interface ActivityAnswer {
  /** When the request came in, milliseconds since 1970. */
  readonly time: number;
  readonly latencyMs: number;
  readonly label?: string | undefined;
  /** Probability of what was answered. */
  readonly confidence?: number | undefined;
}

export interface ActivityReport {
  readonly answers: number;
  /** By the code of the error. */
  readonly errors: Record<string, number>;
  /** Answers of each label, the most frequent first. */
  readonly labels: Record<string, number>;
  /** Mean probability of what was answered; null where nothing has one. */
  readonly meanConfidence: number | null;
  /** Percentiles, to a tenth of their value; null where nothing was answered. */
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number } | null;
}

const minuteMs = 60_000;
const minutesKept = 24 * 60;
/** Different labels that a minute counts: beyond it they are `other`, so that texts as labels cost no memory. */
const maxLabels = 100;
/** Latencies are counted in classes, each a tenth above the one before; the first ends at 0.1 ms. */
const growth = Math.log(1.1);
const classOf = (ms: number): number => Math.max(0, Math.ceil(Math.log(Math.max(ms, 0.1) / 0.1) / growth));
const upperBound = (latencyClass: number): number => 0.1 * Math.exp(latencyClass * growth);

interface Minute {
  readonly number: number;
  answers: number;
  confidence: number;
  withConfidence: number;
  readonly labels: Map<string, number>;
  readonly errors: Map<string, number>;
  readonly latencies: Map<number, number>;
}

/** Keeps a day, in memory that does not grow with the number of requests. */
export class RecentActivity {
  readonly #clock: Clock;
  readonly #minutes = new Map<number, Minute>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  answered({ time, latencyMs, label, confidence }: ActivityAnswer): void {
    const minute = this.#minute(time);
    if (!minute) return;
    minute.answers++;
    count(minute.latencies, classOf(latencyMs));
    if (label !== undefined)
      count(minute.labels, minute.labels.has(label) || minute.labels.size < maxLabels ? label : "other");
    if (confidence !== undefined) {
      minute.confidence += confidence;
      minute.withConfidence++;
    }
  }

  failed(time: number, code: string): void {
    const minute = this.#minute(time);
    if (minute) count(minute.errors, code);
  }

  /** @param minutes how far back, at most a day */
  report(minutes: number): ActivityReport {
    const since = Math.floor(this.#clock.now() / minuteMs) - minutes;
    const labels = new Map<string, number>();
    const errors = new Map<string, number>();
    const latencies = new Map<number, number>();
    let [answers, confidence, withConfidence] = [0, 0, 0];
    for (const minute of this.#minutes.values()) {
      if (minute.number <= since) continue;
      answers += minute.answers;
      confidence += minute.confidence;
      withConfidence += minute.withConfidence;
      for (const [total, part] of [
        [labels, minute.labels],
        [errors, minute.errors],
      ] as const)
        for (const [key, n] of part) count(total, key, n);
      for (const [key, n] of minute.latencies) count(latencies, key, n);
    }
    return {
      answers,
      errors: Object.fromEntries(errors),
      labels: Object.fromEntries([...labels].sort(([, a], [, b]) => b - a)),
      meanConfidence: withConfidence === 0 ? null : confidence / withConfidence,
      latencyMs: percentiles(latencies, answers),
    };
  }

  #minute(time: number): Minute | undefined {
    const number = Math.floor(time / minuteMs);
    const oldest = Math.floor(this.#clock.now() / minuteMs) - minutesKept;
    if (number <= oldest) return undefined;
    const known = this.#minutes.get(number);
    if (known) return known;
    for (const old of this.#minutes.keys()) if (old <= oldest) this.#minutes.delete(old);
    const minute: Minute = {
      number,
      ...{ answers: 0, confidence: 0, withConfidence: 0 },
      labels: new Map(),
      errors: new Map(),
      latencies: new Map(),
    };
    this.#minutes.set(number, minute);
    return minute;
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

function percentiles(latencies: ReadonlyMap<number, number>, total: number): ActivityReport["latencyMs"] {
  if (total === 0) return null;
  const classes = [...latencies].sort(([a], [b]) => a - b);
  const at = (share: number) => {
    let seen = 0;
    for (const [latencyClass, n] of classes) {
      seen += n;
      if (seen >= share * total) return Number(upperBound(latencyClass).toPrecision(3));
    }
    return 0;
  };
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
