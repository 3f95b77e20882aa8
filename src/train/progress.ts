import type { Report } from "./report.ts";

/** Where progress is printed. */
export interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

/** Prints a run's events: a bar on a terminal, plain lines elsewhere; warnings only when `quiet`. */
export function printProgress(
  stream: ProgressStream,
  { quiet = false, now = Date.now }: { quiet?: boolean; now?: () => number } = {},
): Report {
  throw new Error(`not written yet: ${stream} ${quiet} ${now}`);
}
