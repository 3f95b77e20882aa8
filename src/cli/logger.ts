import { InvalidArgumentError } from "commander";
import { destination, type Logger, pino } from "pino";

/** Structured logs on stderr: results of commands have stdout for themselves. */
export function logger({ logLevel: level }: { readonly logLevel: string }): Logger {
  if (!["trace", "debug", "info", "warn", "error", "fatal", "silent"].includes(level))
    throw new InvalidArgumentError(`--log-level must be debug, info, warn, error or silent, got ${level}`);
  return pino({ level }, destination(2));
}
