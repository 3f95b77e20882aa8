import { ApiError } from "../api/api-error.ts";

export interface PollOptions<T> {
  onValue(value: T): void;
  onError(error: unknown): void;
  /** How long after an answer to ask again; `undefined` ends it. */
  delayMs?(value: T): number | undefined;
  /** After a failure that may pass. */
  retryMs?: number;
  /** Tells whether anybody looks; nothing is asked while the page is hidden. */
  visibility?: Pick<Document, "visibilityState" | "addEventListener" | "removeEventListener">;
}

/**
 * Asks at once, and again as long as `delayMs` says so. While the page is hidden it waits, and catches up when the
 * page is seen again.
 *
 * @returns stops it and aborts what is under way
 */
export function poll<T>(
  load: (signal: AbortSignal) => Promise<T>,
  { onValue, onError, delayMs, retryMs = 5000, visibility = document }: PollOptions<T>,
): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;

  const ask = () => {
    isDue = false;
    load(signal).then(
      (value) => {
        if (signal.aborted) return;
        onValue(value);
        later(delayMs?.(value));
      },
      (error: unknown) => {
        if (signal.aborted) return;
        onError(error);
        if (error instanceof ApiError && error.isPassing) later(retryMs);
      },
    );
  };
  const later = (ms: number | undefined) => {
    if (ms !== undefined) timer = setTimeout(due, ms);
  };
  const due = () => {
    isDue = true;
    if (visibility.visibilityState === "visible") ask();
  };
  const onVisibility = () => {
    if (isDue && visibility.visibilityState === "visible") ask();
  };

  visibility.addEventListener("visibilitychange", onVisibility);
  ask();
  return () => {
    controller.abort();
    clearTimeout(timer);
    visibility.removeEventListener("visibilitychange", onVisibility);
  };
}
