/** What commands say, and to whom: progress to stderr, results to stdout. */
import pc from "picocolors";

export interface TerminalOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export interface Terminal {
  /** Something to know on the way; nothing when quiet. */
  note(message: string): void;
  /** The outcome: words for a person, or one line of JSON. */
  result(words: string, data: unknown): void;
  /** Whether only results are wanted. */
  readonly isQuiet: boolean;
}

export const terminal = ({ json = false, quiet = false }: TerminalOptions): Terminal => ({
  note: (message) => {
    if (!quiet) process.stderr.write(`${pc.dim(message)}\n`);
  },
  result: (words, data) => {
    process.stdout.write(`${json ? JSON.stringify(data) : words}\n`);
  },
  isQuiet: quiet,
});

/** Four digits are enough for a person. */
export const formatMetrics = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    .join(", ");
