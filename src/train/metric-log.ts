import type { Metric } from "../tracking/index.ts";

/** What training asks of the run it belongs to. */
export interface MetricLog {
  logMetrics(metrics: readonly Metric[]): void | Promise<void>;
  /** Of each metric the point with the highest step; a resumed run does not log the steps up to it again. */
  latestMetrics(): Record<string, Metric> | Promise<Record<string, Metric>>;
}

/** Collects metrics, so that the store gets few and large writes, none later than `maxDelayMs`. */
export interface MetricBuffer {
  add(step: number, values: Readonly<Record<string, number>>): void;
  /** Resolves when the store has all that was added. */
  flush(): Promise<void>;
}

/**
 * A buffer in front of `log`. What the store refuses is kept and tried again with the next write.
 * @param logged steps up to which a metric is in the store already
 * @param onError told when a write in the background failed
 */
export function bufferMetrics(
  log: Pick<MetricLog, "logMetrics">,
  {
    logged,
    onError,
    now,
    maxDelayMs = 1000,
  }: {
    logged: Readonly<Record<string, Metric>>;
    onError: (error: unknown) => void;
    now: () => number;
    maxDelayMs?: number;
  },
): MetricBuffer {
  let pending: Metric[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  const write = async () => {
    clearTimeout(timer);
    timer = undefined;
    const metrics = pending;
    pending = [];
    if (metrics.length === 0) return;
    try {
      await log.logMetrics(metrics);
    } catch (error) {
      pending = [...metrics, ...pending];
      throw error;
    }
  };
  const flush = () => {
    // One write after the other, in order; a failed one was told to its own caller.
    writing = writing.catch(() => {}).then(write);
    return writing;
  };
  return {
    add(step, values) {
      const timestamp = now();
      for (const [key, value] of Object.entries(values)) {
        const last = Object.hasOwn(logged, key) ? logged[key]!.step : Number.NEGATIVE_INFINITY;
        if (step > last) pending.push({ key, value, step, timestamp });
      }
      timer ??= setTimeout(() => flush().catch(onError), maxDelayMs).unref();
    },
    flush,
  };
}
