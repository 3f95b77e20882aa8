const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const units = [
  ["year", 365 * day],
  ["month", 30 * day],
  ["week", 7 * day],
  ["day", day],
  ["hour", hour],
  ["minute", minute],
] as const;

/** `3 minutes ago`, `yesterday`. Clocks of two machines differ, so the near future is now. */
export function formatAgo(timeMs: number, nowMs: number): string {
  const passed = nowMs - timeMs;
  for (const [unit, ms] of units) {
    if (Math.abs(passed) >= ms) return relative.format(-Math.trunc(passed / ms), unit);
  }
  return passed < 10 * second ? "just now" : relative.format(-Math.trunc(passed / second), "second");
}

/** Day and time to the second, with the time zone. */
export const formatExactTime = (timeMs: number): string => exact.format(timeMs);

/** The two largest units: `42 s`, `1 min 24 s`, `3 h 2 min`, `2 d 5 h`. */
export function formatDuration(ms: number): string {
  if (ms < second) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min ${Math.floor((ms % minute) / second)} s`;
  if (ms < day) return `${Math.floor(ms / hour)} h ${Math.floor((ms % hour) / minute)} min`;
  return `${Math.floor(ms / day)} d ${Math.floor((ms % day) / hour)} h`;
}
