/** Time as a service sees it, passed in so that tests can move it by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back, has fractions. */
  elapsed(): number;
  /** Calls `action` after `ms`, unless the returned function was called before. Keeps no process alive. */
  after(ms: number, action: () => void): () => void;
}

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms).unref();
    return () => clearTimeout(timer);
  },
};
