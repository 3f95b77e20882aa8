import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { stopSignal } from "./stop-signal.ts";

function watched() {
  const events = new EventEmitter();
  const said: (string | number)[] = [];
  const clock = { now: 0 };
  const tell = (word: string | number) => void said.push(word);
  const stop = stopSignal({ events, say: tell, exit: tell, now: () => clock.now });
  return { events, said, clock, stop };
}

test("the first Ctrl-C aborts, the second ends the process", () => {
  const { events, said, clock, stop } = watched();
  events.emit("SIGINT");
  expect(stop.signal.aborted).toBe(true);
  expect(said).toEqual([]);
  clock.now = 2000;
  events.emit("SIGINT");
  expect(said).toEqual(["ended at once; what was not finished is lost", 130]);
});

test("one that npm hands on is no second one", () => {
  const { events, said, clock } = watched();
  events.emit("SIGINT");
  clock.now = 20;
  events.emit("SIGINT");
  expect(said).toEqual([]);
});

test("after its use nothing listens", () => {
  const { events, stop } = watched();
  stop[Symbol.dispose]();
  expect(events.emit("SIGINT")).toBe(false);
  expect(stop.signal.aborted).toBe(false);
});
