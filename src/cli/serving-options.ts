/** Options of commands that answer requests for predictions. */
import { type Command, InvalidArgumentError } from "commander";
import { defaultDeadlineMs, type ServingLimits } from "../serving/index.ts";

export interface ServingOptions extends ServingLimits {
  readonly rateLimit?: number;
  /** `--no-log` makes it false. */
  readonly log: boolean;
  readonly logSample: number;
  readonly logRetention?: number;
}

export const withServingOptions = (command: Command): Command =>
  command
    .option("--workers <n>", "inference workers, each with the model in memory", whole(1))
    .option("--max-batch <n>", "most requests that run through the model together", whole(1))
    .option("--max-wait-ms <ms>", "how long a request may wait for company in its batch", number(0))
    .option("--max-queued <n>", "requests that may wait; beyond it 503 with Retry-After", whole(1))
    .option("--max-queued-ms <ms>", "a request that would wait longer gets 503 with Retry-After", number(1))
    .option("--deadline-ms <ms>", "a request without an answer by then gets 503", number(1))
    .option("--rate-limit <n>", "requests a second from each client; beyond it 429", number(0.001))
    .option("--no-log", "do not write predictions down")
    .option("--log-sample <share>", "share of the predictions to write down", number(0, 1), 1)
    .option("--log-retention <days>", "drop written predictions after so many days", number(0));

/** As services take them. */
export const servingLimits = ({
  workers,
  maxBatch,
  maxWaitMs,
  maxQueued,
  maxQueuedMs,
  deadlineMs,
  rateLimit: ratePerSecond,
}: ServingOptions) => ({
  limits: { workers, maxBatch, maxWaitMs, maxQueued, maxQueuedMs, deadlineMs },
  ratePerSecond,
});

/** How long a service that ends may take to answer what it has accepted: none of it waits longer than its deadline. */
export const shutdownMs = ({ deadlineMs = defaultDeadlineMs }: Pick<ServingOptions, "deadlineMs">): number =>
  deadlineMs + 1000;

function whole(least: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`must be a whole number from ${least}`);
    return value;
  };
}

function number(least: number, most = Number.POSITIVE_INFINITY) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most))
      throw new InvalidArgumentError(
        most === Number.POSITIVE_INFINITY
          ? `must be a number from ${least}`
          : `must be from ${least} to ${most}`,
      );
    return value;
  };
}
