import { type Command, InvalidArgumentError } from "commander";

export interface ListenOptions {
  readonly port: number;
  readonly host: string;
  readonly allowHost?: string[];
  readonly logLevel: string;
}

/** A checkpoint of many gigabytes must have time to arrive over a slow line. */
export const uploadTimeoutMs = 12 * 3600 * 1000;

/** Options of every command that serves. */
export const withListenOptions = (command: Command, port: number): Command =>
  command
    .option("--port <n>", "port; 0 takes any free one", parsePort, port)
    .option("--host <address>", "address to bind to; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option("--allow-host <name...>", "answer under this name too, as a proxy in front passes it on")
    .option(
      "--log-level <level>",
      "JSON lines on stderr, requests from info on: debug, info, warn, error, silent",
      "warn",
    );

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("must be a whole number from 0 to 65535");
  return port;
}
