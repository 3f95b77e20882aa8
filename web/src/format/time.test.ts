import { expect, it } from "vitest";
import { formatAgo, formatDuration } from "./time.ts";

const now = Date.UTC(2026, 10, 21, 12);

it.each([
  [2_000, "just now"],
  [-3_000, "just now"],
  [42_000, "42 seconds ago"],
  [3 * 60_000 + 59_000, "3 minutes ago"],
  [2 * 3_600_000, "2 hours ago"],
  [25 * 3_600_000, "yesterday"],
  [15 * 86_400_000, "2 weeks ago"],
  [800 * 86_400_000, "2 years ago"],
])("says when something was %d ms ago: %s", (ms, text) => {
  expect(formatAgo(now - ms, now)).toBe(text);
});

it.each([
  [-5, "0 ms"],
  [12.4, "12 ms"],
  [59_999, "59 s"],
  [84_000, "1 min 24 s"],
  [10_920_000, "3 h 2 min"],
  [190_800_000, "2 d 5 h"],
])("writes %d ms as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
