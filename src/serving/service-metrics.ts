/** What a service tells Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { InputMetric } from "./servable.ts";

export interface ServiceMetrics<Input> {
  readonly requests: Counter;
  readonly errors: Counter;
  readonly latency: Histogram;
  readonly batchSize: Histogram;
  observeInput(input: Input): void;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface ServiceMetricsOptions<Input> {
  readonly inputMetrics: readonly InputMetric<Input>[];
  readonly waiting: () => number;
  readonly dropped: () => number;
  readonly process: Registry;
}

/** The metrics of one service, in a registry of its own. */
export function serviceMetrics<Input>({
  inputMetrics,
  waiting,
  dropped,
  process,
}: ServiceMetricsOptions<Input>): ServiceMetrics<Input> {
  const registry = new Registry();
  const registers = [registry];
  const inputs = inputMetrics.map(({ name, help, buckets, measure }) => ({
    measure,
    histogram: new Histogram({ name, help, buckets: [...buckets], registers }),
  }));
  new Gauge({
    name: "prediction_queue_waiting",
    help: "Requests that wait for the model",
    registers,
    collect() {
      this.set(waiting());
    },
  });
  new Gauge({
    name: "prediction_log_dropped",
    help: "Predictions that the prediction log lost since the start",
    registers,
    collect() {
      this.set(dropped());
    },
  });
  return {
    requests: new Counter({ name: "prediction_requests", help: "Requests for a prediction", registers }),
    errors: new Counter({
      name: "prediction_error",
      help: "Requests for a prediction that were refused or failed",
      registers,
    }),
    latency: new Histogram({
      name: "prediction_latency_seconds",
      help: "Time from a request to its prediction",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    batchSize: new Histogram({
      name: "prediction_batch_size",
      help: "Requests that ran together through the model",
      buckets: [1, 2, 4, 8, 16, 32, 64, 128],
      registers,
    }),
    observeInput(input) {
      for (const { histogram, measure } of inputs) histogram.observe(measure(input));
    },
    async text() {
      return `${await registry.metrics()}\n${await process.metrics()}`;
    },
    contentType: registry.contentType,
  };
}

/** Memory, CPU, event loop and the like of this process, to be shared by all its services. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
