import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../api/api-error.ts";
import { poll } from "./poll.ts";

/** A page that can be hidden. */
class Page extends EventTarget {
  visibilityState: DocumentVisibilityState = "visible";

  show(state: DocumentVisibilityState) {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: Page;
let asked: number;
let values: number[];
let errors: unknown[];
let answer: () => Promise<number>;

function start(delayMs: (value: number) => number | undefined) {
  return poll(
    () => {
      asked += 1;
      return answer();
    },
    {
      onValue: (value) => values.push(value),
      onError: (error) => errors.push(error),
      delayMs,
      retryMs: 5000,
      visibility: page as unknown as Document,
    },
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  page = new Page();
  asked = 0;
  values = [];
  errors = [];
  answer = async () => asked;
});
afterEach(() => {
  vi.useRealTimers();
});

it("asks at once, and again until the answer says that it was the last", async () => {
  start((value) => (value < 3 ? 2000 : undefined));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(values).toEqual([1, 2, 3]);
});

it("waits while the page is hidden, and catches up when it is seen again", async () => {
  const stop = start(() => 2000);
  await vi.advanceTimersByTimeAsync(0);
  page.show("hidden");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
  page.show("visible");
  await vi.advanceTimersByTimeAsync(2000);
  expect(values).toEqual([1, 2, 3]);
  stop();
});

it("tries again after a failure that may pass, and not after a refusal", async () => {
  answer = async () => {
    throw asked < 3 ? new ApiError("busy", { status: 503 }) : new ApiError("wrong filter", { status: 400 });
  };
  start(() => 2000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(errors).toMatchObject([{ message: "busy" }, { message: "busy" }, { message: "wrong filter" }]);
});

it("says nothing more once it is stopped", async () => {
  const stop = start(() => 2000);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect({ asked, values, errors }).toEqual({ asked: 1, values: [], errors: [] });
});
