import { expect, test } from "vitest";
import { rateLimit } from "./rate-limit.ts";
import { ManualClock } from "./testing/manual-clock.ts";

/** How many of `requests` are let through. */
const count = (check: () => void, requests: number) => {
  let through = 0;
  for (let i = 0; i < requests; i++) {
    try {
      check();
      through++;
    } catch {}
  }
  return through;
};

test("a client may ask so many times at once, then as often a second; others do not suffer", () => {
  const clock = new ManualClock();
  const limit = rateLimit(5, clock);
  expect(count(() => limit("a"), 20)).toBe(5);
  expect(count(() => limit("b"), 20)).toBe(5);
  clock.advance(200);
  expect(count(() => limit("a"), 20)).toBe(1);
  clock.advance(60_000);
  expect(count(() => limit("a"), 20)).toBe(5);
});

test("it says when to come back, also where a client may ask less than once a second", () => {
  const limit = rateLimit(0.1, new ManualClock());
  limit("a");
  expect(() => limit("a")).toThrowError(
    expect.objectContaining({ code: "rate-limited", retryAfterSeconds: 10 }),
  );
  expect(() => limit("a")).toThrow("ask again in 10 s");
});

test("clients are forgotten, so that many of them cost no memory", () => {
  const limit = rateLimit(1, new ManualClock());
  limit("first");
  for (let i = 0; i < 10_000; i++) limit(`client ${i}`);
  expect(() => limit("client 9999")).toThrow();
  expect(() => limit("first")).not.toThrow();
});
