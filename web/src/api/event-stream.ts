/** A message of a stream of server-sent events. */
export interface ServerEvent {
  /** "message" where the server gives no other. */
  readonly name: string;
  readonly data: string;
}

/**
 * The messages of a stream as they come (HTML Standard, "Interpreting an event stream"). A message that is cut off by
 * the end of the stream is none.
 */
export async function* readEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // A lone carriage return at the end may be the first half of a line end.
      const [whole, open] = atLineEnd(rest + decoder.decode(value, { stream: true }));
      const messages = whole.split("\n\n");
      rest = (messages.pop() ?? "") + open;
      for (const message of messages) {
        const event = eventOf(message);
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function atLineEnd(text: string): [whole: string, open: string] {
  const open = text.endsWith("\r") ? "\r" : "";
  return [text.slice(0, text.length - open.length).replace(/\r\n?/g, "\n"), open];
}

function eventOf(message: string): ServerEvent | undefined {
  const fields = message.split("\n").map((line): [string, string] => {
    const [name = "", ...rest] = line.split(":");
    return [name, rest.join(":").replace(/^ /, "")];
  });
  const valuesOf = (field: string) => fields.filter(([name]) => name === field).map(([, value]) => value);
  const data = valuesOf("data");
  if (data.length === 0) return undefined;
  return { name: valuesOf("event").at(-1) || "message", data: data.join("\n") };
}
