/** What a project's route can be: queries, forms, streams; and what every service has beside it. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { listen } from "../http/index.ts";
import type { ServiceRoute, UploadedFile } from "./servable.ts";
import type { ServedModel } from "./served-model.ts";
import { service } from "./service.ts";
import type { Review, Sentiment } from "./testing/film-servable.ts";
import { filmOptions, filmRoute, MemoryLog, openFilmModel } from "./testing/film-service.ts";

let model: ServedModel<Review, Sentiment>;
let log: MemoryLog;
beforeAll(async () => {
  model = await openFilmModel();
  log = new MemoryLog();
});
afterAll(() => model.queue.close());

const json = { "content-type": "application/json" };

describe("a POST that reads its query", () => {
  const route: ServiceRoute<Review, Sentiment, { input: string; stream?: string | undefined }> = {
    method: "POST",
    reads: "query",
    path: "/",
    summary: "Whether a critic liked the film",
    request: z.strictObject({ input: z.string().min(1), stream: z.enum(["true", "false"]).optional() }),
    response: z.object({ label: z.string() }),
    example: { input: "A wonderful film" },
    toInput: ({ input }) => ({ text: input }),
    toReply: ({ label }, { input }) => ({ label, words: input.split(" ").length }),
    streams: ({ stream }) => stream === "true",
  };
  const app = () => service({ ...filmOptions(model, log), route }).app;

  test("answers, told its own body", async () => {
    const reply = await app().request("/?input=a+good+film", { method: "POST" });
    expect(await reply.json()).toEqual({ label: "positive", words: 3 });
    const missing = await app().request("/", { method: "POST" });
    expect(missing.status).toBe(422);
    expect(await missing.json()).toMatchObject({
      error: { message: "input is missing; send for example ?input=A+wonderful+film" },
    });
    const unknown = await app().request("/?input=a&other=b", { method: "POST" });
    expect(unknown.status).toBe(422);
    expect(await unknown.json()).toMatchObject({
      error: {
        message: `there is no field "other"; there are input, stream; send for example ?input=A+wonderful+film`,
        path: "other",
        expected: "input, stream",
      },
    });
    expect((await app().request("/?input=a&input=b", { method: "POST" })).status).toBe(400);
  });

  test("streams its answer word by word, and logs it once", async () => {
    const before = log.predictions.length;
    const reply = await app().request("/?input=good+bad+dull&stream=true", { method: "POST" });
    expect(reply.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await reply.text()).toBe(
      [
        'data: {"label":"positive","words":3}',
        'data: {"label":"negative","words":3}',
        'data: {"label":"negative","words":3}',
        'event: answer\ndata: {"label":"negative","words":3}',
        "",
      ].join("\n\n"),
    );
    expect(log.predictions.slice(before)).toMatchObject([{ answer: { label: "negative" } }]);
  });

  test("what is wrong before the first word is a reply with its status", async () => {
    const reply = await app().request("/?input=unreadable&stream=true", { method: "POST" });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { code: "unreadable-input" } });
  });

  test("a client that goes away stops the model", async () => {
    const before = log.predictions.length;
    const server = await listen(app(), { port: 0 });
    const client = connect(server.port, server.host);
    client.write(
      "POST /?input=good+forever&stream=true HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n",
    );
    await once(client, "data");
    client.destroy();
    // The only worker is free again, although what it was asked never ends.
    const next = await fetch(`${server.url}/?input=bad`, { method: "POST" });
    expect(await next.json()).toMatchObject({ label: "negative" });
    expect(await (await fetch(`${server.url}/monitoring`)).json()).toMatchObject({
      lastHour: { answers: 1, errors: { "client-gone": 1 } },
    });
    expect(log.predictions.slice(before)).toMatchObject([{ input: { text: "bad" } }]);
    await server.close();
  });
});

describe("a route that reads a form", () => {
  const route: ServiceRoute<Review, Sentiment, { file: UploadedFile }> = {
    method: "POST",
    reads: "form",
    path: "/classify",
    summary: "Whether a critic liked the film",
    request: z.strictObject({
      file: z.custom<UploadedFile>((value) => typeof value === "object", "a file with a review"),
    }),
    response: z.object({ file: z.string(), label: z.string() }),
    example: { file: { name: "review.txt", mediaType: "text/plain", bytes: new Uint8Array() } },
    toInput: ({ file }) => ({ text: new TextDecoder().decode(file.bytes) }),
    toReply: ({ label }, { file }) => ({ file: file.name, label }),
  };
  const services = () => service({ ...filmOptions(model, log), route }).app;
  const send = (fields: Record<string, string | File>, path = "/classify") => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return services().request(path, { method: "POST", body });
  };

  test("answers about the file, also with all that the model says", async () => {
    const file = new File(["a good film"], "mine.txt");
    expect(await (await send({ file })).json()).toEqual({ file: "mine.txt", label: "positive" });
    expect(await (await send({ file }, "/predictions")).json()).toMatchObject({
      answer: { label: "positive" },
      model: { version: 7 },
    });
  });

  test.each([
    ["no form", () => services().request("/classify", { method: "POST", body: "{}", headers: json }), 415],
    ["no file", () => send({ other: "x" }), 422],
    ["a text in its place", () => send({ file: "x" }), 422],
    ["a second field", () => send({ file: new File(["x"], "x"), other: "x" }), 422],
    [
      "too large a file",
      () =>
        services().request("/classify", {
          method: "POST",
          headers: { "content-type": "multipart/form-data; boundary=b", "content-length": "11000000" },
        }),
      413,
    ],
    [
      "a form that breaks off",
      () =>
        services().request("/classify", {
          method: "POST",
          body: "--b\r\ncontent-dis",
          headers: { "content-type": "multipart/form-data; boundary=b" },
        }),
      400,
    ],
  ])("%s is a 4xx that says what to send", async (_, ask, status) => {
    const reply = await ask();
    expect(reply.status).toBe(status);
    const { error } = (await reply.json()) as { error: { message: string } };
    expect(error.message).toMatch(status === 413 ? /at most 10 MB, got 10.5 MB/ : /-F file=@review.txt/);
  });

  test("files that come all at once are taken as far as there is room; the rest may come again", async () => {
    const { app } = service({ ...filmOptions(model, log), route, bodiesBytes: 500_000 });
    const send = async () => {
      const file = `--b\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n${"good".padEnd(300_000)}`;
      const headers = { "content-type": "multipart/form-data; boundary=b" };
      const reply = await app.request("/classify", { method: "POST", body: `${file}\r\n--b--\r\n`, headers });
      return [reply.status, reply.headers.get("retry-after")];
    };
    expect((await Promise.all([send(), send(), send()])).sort()).toEqual([
      [200, null],
      [503, "1"],
      [503, "1"],
    ]);
    expect(await send()).toEqual([200, null]);
  });

  test("is described as a form with a file", async () => {
    const document = (await (await services().request("/openapi.json")).json()) as {
      paths: Record<string, { post: { requestBody: unknown } }>;
    };
    expect(document.paths["/classify"]!.post.requestBody).toMatchObject({
      content: {
        "multipart/form-data": {
          schema: { properties: { file: { type: "string", format: "binary" } }, required: ["file"] },
        },
      },
    });
  });
});

describe("ids and versions", () => {
  test("a client may give its request an id, which comes back and stands in the log", async () => {
    const { app } = service(filmOptions(model, log));
    const ask = (id: string) =>
      app.request("/inference", {
        method: "POST",
        body: '{"statement":"good"}',
        headers: { ...json, "x-request-id": id },
      });
    expect((await ask("trace-1:a/b")).headers.get("x-request-id")).toBe("trace-1:a/b");
    expect(log.predictions.at(-1)!.id).toBe("trace-1:a/b");
    for (const id of ["", "with space", "x".repeat(129), '"quoted"'])
      expect((await ask(id)).headers.get("x-request-id")).toMatch(/^request-\d+$/);
  });

  test("another version takes over: what was asked before is answered by the one before", async () => {
    const films = service(filmOptions(await openFilmModel(), log));
    const ask = async () => {
      const reply = await films.app.request("/predictions", {
        method: "POST",
        body: '{"statement":"good"}',
        headers: json,
      });
      const { model } = (await reply.json()) as { model: { version: number } };
      return [model.version, Number(reply.headers.get("x-model-version"))];
    };
    const before = Array.from({ length: 20 }, ask);
    const replaced = films.replace(await openFilmModel({ version: 8 }));
    const after = ask();
    expect(await Promise.all(before)).toEqual(new Array(20).fill([7, 7]));
    expect(await after).toEqual([8, 8]);
    await replaced;
    expect(films.version).toBe(8);
    await films.close();
  });
});

test("monitoring tells of the last hour and day", async () => {
  const { app } = service(filmOptions(model));
  for (const statement of ["good", "bad", "so dull"])
    await app.request("/inference", { method: "POST", body: JSON.stringify({ statement }), headers: json });
  const report = {
    answers: 3,
    errors: {},
    labels: { negative: 2, positive: 1 },
    meanConfidence: expect.closeTo(0.78, 1),
    latencyMs: { p50: expect.any(Number), p90: expect.any(Number), p99: expect.any(Number) },
  };
  expect(await (await app.request("/monitoring")).json()).toEqual({
    model: { name: "movie-reviews", version: 7 },
    waiting: 0,
    lastHour: report,
    lastDay: report,
    log: { dropped: 0 },
  });
});

test("monitoring counts what was predicted before the service began, once", async () => {
  const now = Date.now();
  const earlier = { id: "1", project: "p", modelVersion: 6, latencyMs: 5, input: "x", answer: "x" };
  const { app } = service({
    ...filmOptions(model),
    async *history({ from, to }) {
      expect(to - from).toBe(24 * 3_600_000);
      yield { ...earlier, time: now - 2 * 3_600_000, label: "negative", confidence: 0.9 };
    },
  });
  await app.request("/inference", { method: "POST", body: '{"statement":"good"}', headers: json });
  for (let i = 0; i < 2; i++)
    expect(await (await app.request("/monitoring")).json()).toMatchObject({
      lastHour: { answers: 1, labels: { positive: 1 } },
      lastDay: { answers: 2, labels: { positive: 1, negative: 1 } },
    });
});

test("a route of one's own may be /predict", async () => {
  const { app } = service({ ...filmOptions(model), route: { ...filmRoute, path: "/predict" } });
  const reply = await app.request("/predict", { method: "POST", body: '{"statement":"bad"}', headers: json });
  expect(await reply.json()).toEqual({ sentiment: 0 });
});

test("an input that ends its worker fails alone; what was asked with it is answered", {
  timeout: 60_000,
}, async () => {
  const films = service(filmOptions(await openFilmModel(), log));
  const ask = async (statement: string) => {
    const reply = await films.app.request("/inference", {
      method: "POST",
      body: JSON.stringify({ statement }),
      headers: json,
    });
    return [reply.status, await reply.json()];
  };
  const replies = await Promise.all(["good", "exit", "bad", "so dull"].map(ask));
  expect(replies).toEqual([
    [200, { sentiment: 1 }],
    [500, { error: expect.objectContaining({ code: "model-failed" }) }],
    [200, { sentiment: 0 }],
    [200, { sentiment: 0 }],
  ]);
  expect(await ask("good")).toEqual([200, { sentiment: 1 }]);
  expect(films.isReady()).toBe(true);
  await films.close();
});
