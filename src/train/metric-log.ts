/** One point of a metric's curve. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  /** Optimizer steps done when it was measured. */
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** What training asks of the run it belongs to. */
export interface MetricLog {
  logMetrics(metrics: readonly Metric[]): void | Promise<void>;
}
