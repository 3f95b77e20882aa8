import { poll } from "./poll.ts";

/** Something of the server that a page shows and keeps fresh. */
export interface Live<T> {
  /** The newest answer; it stays while a newer one is asked for, so that nothing flickers. */
  readonly value: T | undefined;
  /** Why the newest question failed. */
  readonly error: unknown;
  refresh(): void;
}

/**
 * Loads when the component appears, when what `load` reads before its first `await` changes, and every `everyMs`.
 * To be called while a component is made.
 */
export function live<T>(
  load: (signal: AbortSignal) => Promise<T>,
  { everyMs }: { everyMs?: (value: T) => number | undefined } = {},
): Live<T> {
  let value = $state.raw<T>();
  let error = $state.raw<unknown>();
  let stop = () => {};

  const start = () => {
    stop = poll(load, {
      onValue(newest) {
        value = newest;
        error = undefined;
      },
      onError(failure) {
        error = failure;
      },
      ...(everyMs && { delayMs: everyMs }),
    });
  };
  $effect(() => {
    start();
    return () => stop();
  });

  return {
    get value() {
      return value;
    },
    get error() {
      return error;
    },
    refresh() {
      stop();
      start();
    },
  };
}
