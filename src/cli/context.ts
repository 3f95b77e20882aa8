/** What every command starts from: the home folder, the store, the terminal, a signal that ends it. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { openStore, type Store } from "../tracking/index.ts";
import { stopSignal } from "./stop-signal.ts";
import { type Terminal, terminal } from "./terminal.ts";

export interface CommonOptions {
  readonly home: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface Context {
  readonly home: string;
  readonly store: Store;
  readonly terminal: Terminal;
  /** Checkpoints of all runs. */
  readonly checkpoints: string;
  /** What can be deleted at any time, and is computed again where it is needed. */
  readonly cache: string;
  /** Prediction logs of all projects. */
  predictions(project: string): string;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** A variable that is set to nothing says nothing. */
export const usualHome = (): string => process.env.HAVN_HOME || ".havn";

/** Adds the options that all commands have. */
export const withCommonOptions = (command: Command): Command =>
  command
    .option("--home <dir>", "folder of database, artifacts and logs (HAVN_HOME)", usualHome())
    .option("--json", "print the result as one line of JSON")
    .option("--quiet", "print the result only")
    .option("--verbose", "print errors with their stack");

/** Opens the store, does the work, closes the store, whatever happens. */
export async function withContext<T>(
  options: CommonOptions,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const home = resolve(options.home);
  const store = await openStore({
    home,
    databaseUrl: process.env.HAVN_DATABASE_URL,
    objects: process.env.HAVN_STORE,
  });
  using stop = stopSignal();
  try {
    return await work({
      home,
      store,
      terminal: terminal(options),
      checkpoints: join(home, "checkpoints"),
      cache: join(home, "cache"),
      predictions: (project) => join(home, "predictions", project),
      signal: stop.signal,
    });
  } finally {
    await store.close();
  }
}
