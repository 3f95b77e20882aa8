import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentActivity } from "./recent-activity.ts";
import { ManualClock } from "./testing/manual-clock.ts";

const minute = 60_000;

test("counts answers, labels, confidence and errors of the last minutes", () => {
  const clock = new ManualClock();
  const activity = new RecentActivity(clock);
  const answer = (label: string, confidence: number) =>
    activity.answered({ time: clock.now(), latencyMs: 10, label, confidence });
  answer("positive", 0.9);
  activity.failed(clock.now(), "overloaded");
  clock.advance(2 * minute);
  answer("negative", 0.6);
  answer("negative", 0.8);
  expect(activity.report(60)).toMatchObject({
    answers: 3,
    labels: { negative: 2, positive: 1 },
    errors: { overloaded: 1 },
    latencyMs: { p50: 10.7 },
  });
  expect(activity.report(60).meanConfidence).toBeCloseTo((0.9 + 0.6 + 0.8) / 3);
  expect(activity.report(1)).toMatchObject({ answers: 2, labels: { negative: 2 }, errors: {} });
  clock.advance(25 * 60 * minute);
  expect(activity.report(24 * 60)).toEqual({
    ...{ answers: 0, errors: {}, labels: {}, meanConfidence: null, latencyMs: null },
  });
});

test("percentiles are right to a tenth", () => {
  const latencies = fc.array(fc.double({ min: 0.1, max: 1e5, noNaN: true }), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(latencies, (latencies) => {
      const clock = new ManualClock();
      const activity = new RecentActivity(clock);
      for (const latencyMs of latencies) activity.answered({ time: clock.now(), latencyMs });
      const sorted = latencies.toSorted((a, b) => a - b);
      const exact = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!;
      const { p50, p90, p99 } = activity.report(1).latencyMs!;
      for (const [estimate, value] of [
        [p50, exact(0.5)],
        [p90, exact(0.9)],
        [p99, exact(0.99)],
      ] as const) {
        expect(estimate / value).toBeGreaterThan(0.99);
        expect(estimate / value).toBeLessThan(1.11);
      }
    }),
    { numRuns: 100 },
  );
});

test("labels without end are counted as other", () => {
  const clock = new ManualClock();
  const activity = new RecentActivity(clock);
  for (let i = 0; i < 1000; i++) activity.answered({ time: clock.now(), latencyMs: 1, label: `text ${i}` });
  const { labels } = activity.report(1);
  expect(Object.keys(labels)).toHaveLength(101);
  expect(labels.other).toBe(900);
});
