/** An answer in parts, as server-sent events, while the model writes it. */
import type { Call, Reply } from "./call.ts";
import { asServingError, errorBody } from "./error-reply.ts";
import { errorOf, type Outcome } from "./outcome.ts";
import { type Predicting, record } from "./predict.ts";

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // nginx would hold the parts back until the end.
  "x-accel-buffering": "no",
};

/**
 * Each `data:` is the reply for the answer so far; the last one has the name `answer` (`event: answer`), an error on the
 * way the name `error`. When the client goes away, the model stops. What is wrong before the first part is an ordinary
 * reply with its status.
 */
export async function streamedPrediction<Input, Answer, Body, Told>(
  call: Call,
  body: Body,
  options: Predicting<Input, Answer, Body, Told>,
): Promise<Reply> {
  const { route, metrics, activity } = options;
  const input = route.toInput(body);
  metrics.observeInput(input);
  const model = options.model();
  call.modelVersion = model.version;
  const events = eventStream();
  const stop = AbortSignal.any([call.request.raw.signal, events.cancelled]);
  const begun = Promise.withResolvers<void>();
  const gaveUp = new AbortController();
  let parts = 0;
  const outcome = model.queue.alone<Outcome<Answer>>(
    (worker) =>
      worker.stream(
        input,
        ({ answer }) => {
          parts++;
          events.send(route.toReply(answer, body));
          begun.resolve();
        },
        AbortSignal.any([stop, gaveUp.signal]),
      ),
    // What has been sent cannot be taken back.
    { signal: stop, mayRunAgain: () => parts === 0 },
  );
  const ended = outcome.then((outcome) => {
    if ("refusal" in outcome) throw errorOf(outcome.refusal);
    const { answer } = record(call, { input, answered: outcome.answered, model }, options);
    return route.toReply(answer, body);
  });
  const answered = ended.then(
    (reply) => events.end("answer", reply),
    (error: unknown) => {
      gaveUp.abort();
      if (parts === 0) throw error;
      const refusal = asServingError(error);
      metrics.errors.inc();
      activity.failed(call.time, refusal.code);
      events.end("error", errorBody(refusal));
    },
  );
  await Promise.race([begun.promise, answered]);
  return { headers, body: events.stream };
}

function eventStream() {
  const cancelled = new AbortController();
  const encoder = new TextEncoder();
  let sink: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      sink = controller;
    },
    cancel: () => cancelled.abort(),
  });
  const write = (text: string) => {
    if (!cancelled.signal.aborted) sink.enqueue(encoder.encode(text));
  };
  const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
  return {
    stream,
    cancelled: cancelled.signal,
    send: (value: unknown) => write(data(value)),
    end(name: string, value: unknown) {
      write(`event: ${name}\n${data(value)}`);
      if (!cancelled.signal.aborted) sink.close();
    },
  };
}
