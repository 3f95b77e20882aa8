import { expect, test } from "vitest";
import { readEvents, type ServerEvent } from "./event-stream.ts";

async function eventsOf(...chunks: string[]) {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of readEvents(stream)) events.push(event);
  return events;
}

test("messages with and without a name, comments left out", async () => {
  expect(await eventsOf(": hello\n\ndata: 1\n\nevent: answer\ndata: a: b\ndata:c\n\n")).toEqual([
    { name: "message", data: "1" },
    { name: "answer", data: "a: b\nc" },
  ]);
});

test("however the stream is cut", async () => {
  const text = "event: part\r\ndata: Hvor er du?\r\n\r\ndata: ø\r\n\r\n";
  const expected = [
    { name: "part", data: "Hvor er du?" },
    { name: "message", data: "ø" },
  ];
  for (let cut = 0; cut <= text.length; cut++)
    expect(await eventsOf(text.slice(0, cut), text.slice(cut))).toEqual(expected);
});

test("what is not ended is no message", async () => {
  expect(await eventsOf("data: 1\n\ndata: 2\n")).toEqual([{ name: "message", data: "1" }]);
});
