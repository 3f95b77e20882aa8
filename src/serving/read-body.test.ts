import { HonoRequest } from "hono/request";
import { expect, test } from "vitest";
import { BodyRoom } from "./body-room.ts";
import { readBytes } from "./read-body.ts";

const request = (body: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>) =>
  new HonoRequest(new Request("http://localhost", { method: "POST", body, duplex: "half" } as RequestInit));

/** A body that comes in such chunks and then pauses for ever, unless it ends. */
const body = (chunks: number[], { ends = true } = {}) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const size of chunks) controller.enqueue(new Uint8Array(size));
      if (ends) controller.close();
    },
  });

test("a body takes room while it is read, until its share is released", async () => {
  const room = new BodyRoom(1_000_000);
  const share = room.share();
  const bytes = await readBytes(request(body([300_000, 400_000])), { limitBytes: 2_000_000, share });
  expect([bytes.length, room.usedBytes]).toEqual([700_000, 700_000]);
  const other = room.share();
  await expect(
    readBytes(request(body([200_000, 400_000])), { limitBytes: 2_000_000, share: other }),
  ).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  other.release();
  share.release();
  expect(room.usedBytes).toBe(0);
});

test("a body that pauses for too long is given up, and holds nothing afterwards", async () => {
  const room = new BodyRoom(1_000_000);
  const share = room.share();
  await expect(
    readBytes(request(body([1000], { ends: false })), { limitBytes: 10_000, share, limitMs: 20 }),
  ).rejects.toMatchObject({
    code: "request-timeout",
    message: "the body must have come within 0.02 s: send it without a pause",
  });
  share.release();
  expect(room.usedBytes).toBe(0);
});
