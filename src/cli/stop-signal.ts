import type { EventEmitter } from "node:events";

export interface StopSignalOptions {
  /** Who tells of signals. */
  readonly events?: EventEmitter;
  readonly say?: (message: string) => void;
  readonly exit?: (code: number) => void;
  readonly now?: () => number;
}

/** npm hands a Ctrl-C on to a program that has got it from the terminal already. */
const echoMs = 500;

/**
 * A signal that is aborted by Ctrl-C or SIGTERM, so that work ends in good order; by the second one the process ends at
 * once. For as long as it is in use.
 */
export function stopSignal({
  events = process,
  say = (message) => process.stderr.write(`${message}\n`),
  exit = (code) => process.exit(code),
  now = Date.now,
}: StopSignalOptions = {}): { readonly signal: AbortSignal } & Disposable {
  const stop = new AbortController();
  let stoppedAt: number | undefined;
  const on = () => {
    stoppedAt ??= now();
    if (!stop.signal.aborted) return stop.abort();
    if (now() - stoppedAt < echoMs) return;
    say("ended at once; what was not finished is lost");
    // As a shell reports a program that Ctrl-C ended.
    exit(130);
  };
  const names = ["SIGINT", "SIGTERM"];
  for (const name of names) events.on(name, on);
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of names) events.off(name, on);
    },
  };
}
