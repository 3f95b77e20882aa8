import { expect, test } from "vitest";
import { BodyRoom } from "./body-room.ts";

test("bodies share the room; what is released is there for the next", () => {
  const room = new BodyRoom(1_000_000);
  const [first, second] = [room.share(), room.share()];
  first.grow(600_000);
  second.grow(300_000);
  expect(() => second.grow(200_000)).toThrow("ask again in 1 s");
  first.release();
  second.grow(200_000);
  expect(room.usedBytes).toBe(500_000);
  second.release();
  second.release();
  expect(room.usedBytes).toBe(0);
});

test("small bodies are taken however full it is, so that large ones cannot shut the service", () => {
  const room = new BodyRoom(1_000_000);
  room.share().grow(1_000_000);
  const small = room.share();
  small.grow(30_000);
  small.grow(30_000);
  expect(() => small.grow(30_000)).toThrow(expect.objectContaining({ code: "overloaded" }));
});

test("what was answered takes nothing more", () => {
  const room = new BodyRoom(1_000_000);
  const share = room.share();
  share.release();
  expect(() => share.grow(1)).toThrow("answered before its body ended");
  expect(room.usedBytes).toBe(0);
});
