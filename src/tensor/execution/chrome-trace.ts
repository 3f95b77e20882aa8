import type { Span } from "./trace.ts";

/**
 * Spans as a file that chrome://tracing and Perfetto open, time 0 at the first of them.
 * @see "Trace Event Format", Google 2016: complete events (X) and metadata (M)
 */
export function chromeTrace(spans: readonly Span[]): string {
  const origin = spans.reduce((first, { start }) => Math.min(first, start), Number.POSITIVE_INFINITY);
  const tracks = [...new Set(spans.map(({ track }) => track))];
  const microseconds = (ms: number) => Math.round(1000 * ms);
  const named = tracks.flatMap((name, tid) => [
    { ph: "M", name: "thread_name", pid: 1, tid, args: { name } },
    { ph: "M", name: "thread_sort_index", pid: 1, tid, args: { sort_index: tid } },
  ]);
  const complete = spans.map(({ kind, name, track, start, durationMs, details = {} }) => ({
    ...{ ph: "X", cat: kind, name, pid: 1, tid: tracks.indexOf(track) },
    ...{ ts: microseconds(start - origin), dur: microseconds(durationMs), args: details },
  }));
  return JSON.stringify({ displayTimeUnit: "ms", traceEvents: [...named, ...complete] });
}
