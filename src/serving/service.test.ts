import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import fc from "fast-check";
import { Hono } from "hono";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InferenceQueue } from "./inference-queue.ts";
import type { InferenceWorker } from "./inference-worker.ts";
import { openPredictionLog } from "./prediction-log.ts";
import { readPredictions } from "./read-predictions.ts";
import type { ServedModel } from "./served-model.ts";
import { type Service, service } from "./service.ts";
import type { Review, Sentiment } from "./testing/film-servable.ts";
import { filmOptions, filmRoute, MemoryLog, openFilmModel } from "./testing/film-service.ts";
import { ManualClock } from "./testing/manual-clock.ts";

let model: ServedModel<Review, Sentiment>;
let log: MemoryLog;

let films: Service<Review, Sentiment>;

/** A worker that never answers. */
function stuckWorker(): InferenceWorker<Review, Sentiment> {
  const never = () => new Promise<never>(() => {});
  return { answer: never, run: never, stream: never, ended: never(), close: async () => {} };
}

beforeAll(async () => {
  model = await openFilmModel();
  log = new MemoryLog();
  films = service({ ...filmOptions(model, log), clock: new ManualClock() });
});
afterAll(() => films.close());

const post = (
  body: string | Uint8Array<ArrayBuffer> | null,
  { path = "/inference", type = "application/json" } = {},
) => films.app.request(path, { method: "POST", body, headers: type ? { "content-type": type } : {} });
const ask = (statement: unknown) => post(JSON.stringify({ statement }));

describe("a prediction", () => {
  test("on the project's own route is what the route makes of the answer", async () => {
    const reply = await ask("A wonderful film");
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ sentiment: 1 });
    expect(await (await ask("so dull")).json()).toEqual({ sentiment: 0 });
  });

  test("on /predictions is the whole answer, with model, latency and id", async () => {
    const reply = await post('{"statement": "good"}', { path: "/predictions" });
    const positive = 1 / (1 + Math.exp(-1));
    const body = await reply.json();
    expect(body).toEqual({
      answer: {
        label: "positive",
        index: 1,
        probabilities: [
          { label: "negative", probability: 1 - positive },
          { label: "positive", probability: positive },
        ],
      },
      label: "positive",
      probabilities: [1 - positive, positive],
      model: { name: "movie-reviews", version: 7 },
      latencyMs: 0,
      requestId: reply.headers.get("x-request-id"),
    });
  });

  test("carries id, version and time in its headers", async () => {
    const { headers } = await ask("good");
    expect(headers.get("x-request-id")).toMatch(/^request-\d+$/);
    expect(headers.get("x-model-version")).toBe("7");
    expect(headers.get("x-response-time-ms")).toBe("0");
  });

  test("is logged under its request id", async () => {
    const reply = await ask("  good  ");
    expect(log.predictions.at(-1)).toEqual({
      id: reply.headers.get("x-request-id"),
      project: "movie-reviews",
      modelVersion: 7,
      time: Date.UTC(2026, 0, 1),
      latencyMs: 0,
      input: { text: "good" },
      answer: expect.objectContaining({ label: "positive" }),
      label: "positive",
      probabilities: [1 - 1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(-1))],
    });
  });

  test("asked for a hundred times at once is each time its own", async () => {
    const words = ["good", "bad"];
    const statements = Array.from({ length: 100 }, (_, i) => `${words[i % 2]} ${"film ".repeat(i % 13)}`);
    const replies = await Promise.all(statements.map(async (each) => (await ask(each)).json()));
    expect(replies).toEqual(statements.map((_, i) => ({ sentiment: 1 - (i % 2) })));
  });

  test("of a GET route takes its input from the query", async () => {
    const route = { ...filmRoute, method: "GET", path: "/sentiment" } as const;
    const { app } = service({ ...filmOptions(model), route });
    expect(await (await app.request("/sentiment?statement=a+good+film")).json()).toEqual({ sentiment: 1 });
    expect((await app.request("/sentiment")).status).toBe(422);
  });
});

describe("bad input is answered with a 4xx that says what is right", () => {
  const example = 'send for example {"statement":"A wonderful film"}';
  const cases: [string, () => Response | Promise<Response>, number, object][] = [
    [
      "bad JSON",
      () => post('{"statement": "it is \'}'),
      400,
      {
        code: "invalid-json",
        message: expect.stringContaining(`the body is not JSON: it goes wrong at position`),
      },
    ],
    [
      "JSON that breaks off",
      () => post('{"statement":'),
      400,
      {
        code: "invalid-json",
        message: `the body is not JSON: it ends too early; ${example}`,
        expected: "JSON",
      },
    ],
    ["no body", () => post(null), 400, { code: "invalid-json", message: `the body is empty; ${example}` }],
    [
      "bytes that are not UTF-8",
      () => post(new Uint8Array([0x22, 0xff, 0x22])),
      400,
      { code: "invalid-json", message: `the body is not UTF-8; ${example}` },
    ],
    [
      "a wrong content type",
      () => post("statement=good", { type: "application/x-www-form-urlencoded" }),
      415,
      {
        code: "unsupported-media-type",
        expected: "application/json",
        got: "application/x-www-form-urlencoded",
      },
    ],
    ["no content type", () => post(new Uint8Array(2), { type: "" }), 415, { got: "no content-type" }],
    [
      "a missing field",
      () => post('{"review": "good"}'),
      422,
      {
        code: "invalid-body",
        message: `statement is missing; ${example}`,
        path: "statement",
        expected: "a string",
        got: "nothing",
      },
    ],
    [
      "a wrong type",
      () => ask(42),
      422,
      { message: `statement must be a string, got 42; ${example}`, path: "statement", got: "42" },
    ],
    ["a list", () => ask(["good"]), 422, { got: "an array of 1" }],
    [
      "not an object",
      () => post("[1]"),
      422,
      { message: `the body must be an object, got an array of 1; ${example}` },
    ],
    [
      "an empty statement",
      () => ask("  "),
      422,
      { message: `statement must be at least 1 character, got "  "; ${example}` },
    ],
    [
      "a statement above the task's limit",
      () => ask("x".repeat(10_001)),
      422,
      { expected: "at most 10000 characters", got: `"${"x".repeat(60)}"... (10001 characters)` },
    ],
    [
      "a body of more than 1 MiB",
      () => ask("x".repeat(2 ** 20)),
      413,
      { code: "body-too-large", expected: "at most 1048576 bytes" },
    ],
    [
      "deep nesting",
      () => post(`{"statement":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
      422,
      { got: "an array of 1" },
    ],
    [
      "deep nesting with escapes",
      () => post(`{"x":${"[".repeat(1e5)}"\\ud800"${"]".repeat(1e5)}}`),
      400,
      { message: `the body is not JSON: it is nested too deeply; ${example}` },
    ],
    ["a huge number", () => post('{"statement":1e999}'), 422, { got: "Infinity" }],
    ["a number of many digits", () => post(`{"statement":${"9".repeat(5000)}}`), 422, { path: "statement" }],
    ["a key of every object", () => post('{"__proto__":{"statement":"good"}}'), 422, { got: "nothing" }],
  ];

  test.each(cases)("%s", async (_, request, status, error) => {
    const reply = await request();
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toMatch(/^application\/json/);
    expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await reply.json()).toEqual({ error: expect.objectContaining(error) });
  });

  test("an unknown path is answered with the routes, below the prefix where the service is mounted", async () => {
    const parent = new Hono().route("/projects/movie-reviews", films.app);
    const reply = await parent.request("/projects/movie-reviews/elsewhere");
    expect(reply.status).toBe(404);
    const routes = [
      "POST inference",
      "POST predictions",
      "GET health",
      "GET monitoring",
      "GET metrics",

      "GET openapi.json",
      "GET docs",
    ]
      .map((route) => route.replace(" ", " /projects/movie-reviews/"))
      .join(", ");
    const message = `there is nothing at /projects/movie-reviews/elsewhere; this service has ${routes}`;
    expect(await reply.json()).toMatchObject({ error: { code: "not-found", message } });
  });

  test("an unknown method is answered with those there are", async () => {
    const reply = await films.app.request("/inference", { method: "PUT" });
    expect(reply.status).toBe(405);
    expect(reply.headers.get("allow")).toBe("POST");
    expect(await reply.json()).toEqual({
      error: {
        code: "method-not-allowed",
        message: "/inference answers POST, got PUT",
        expected: "POST",
        got: "PUT",
      },
    });
    expect((await films.app.request("/health", { method: "POST" })).headers.get("allow")).toBe("GET, HEAD");
  });

  test("whatever is sent, the answer is a prediction or a 4xx in JSON, and the service lives on", async () => {
    const bodies = fc.oneof(
      fc.json().map((json) => `{"statement":${json}}`),
      fc.json(),
      fc.string({ unit: "binary" }).map((statement) => JSON.stringify({ statement })),
      fc.string(),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const reply = await post(typeof body === "string" ? body : new Uint8Array(body));
        expect([200, 400, 422]).toContain(reply.status);
        expect(reply.headers.get("content-type")).toMatch(/^application\/json/);
        await reply.json();
      }),
      { numRuns: 500 },
    );
    expect((await ask("good")).status).toBe(200);
  });
});

test.each([
  ["half of a surrogate pair", '{"statement":"good \\ud83d film"}', "good \ufffd film"],
  ["a NUL", '{"statement":"good \\u0000 film"}', "good \0 film"],
  ["a pair of escapes", '{"statement":"good \\ud83c\\udfac film"}', "good \u{1f3ac} film"],
])("%s in the statement is answered, and logged as valid text", async (_, body, text) => {
  expect(await (await post(body)).json()).toEqual({ sentiment: 1 });
  expect(log.predictions.at(-1)!.input).toEqual({ text });
});

describe("what fails inside", () => {
  test("is a 500 that tells nothing of it, and the log says why", async () => {
    const lines: string[] = [];
    const logger = pino({}, new Writable({ write: (line, _, done) => done(void lines.push(String(line))) }));
    const { app } = service({ ...filmOptions(model), logger });
    const body = '{"statement":"throw"}';
    const headers = { "content-type": "application/json" };
    const reply = await app.request("/inference?token=private", { method: "POST", body, headers });
    expect(reply.status).toBe(500);
    expect(await reply.text()).not.toContain("secret");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 50, requestId: "request-1", err: expect.stringContaining("secret of the inside") },
      { level: 30, requestId: "request-1", method: "POST", path: "/inference", status: 500 },
    ]);
    expect(lines.join()).not.toContain("private");
  });

  test("too many requests are a 503 that says when to come back", async () => {
    const stuck = new InferenceQueue<Review, Sentiment>(stuckWorker(), {
      open: async () => stuckWorker(),
      maxQueued: 1,
      deadlineMs: 50,
      clock: new ManualClock(),
    });
    const { app, isReady } = service(filmOptions({ ...model, queue: stuck }));
    const request = () =>
      app.request("/inference", {
        method: "POST",
        body: '{"statement":"good"}',
        headers: { "content-type": "application/json" },
      });
    const refused = await Promise.any([request(), request(), request()]);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({ error: { code: "overloaded" } });
    expect(isReady()).toBe(true);
  });

  test("a client that asks too often is a 429 that says when to come back", async () => {
    const { app } = service({ ...filmOptions(model), ratePerSecond: 2, clock: new ManualClock() });
    const request = (remoteAddress: string) =>
      app.request(
        "/inference",
        { method: "POST", body: '{"statement":"good"}', headers: { "content-type": "application/json" } },
        { incoming: { socket: { remoteAddress } } },
      );
    const statuses = await Promise.all([1, 2, 3].map(async () => (await request("10.0.0.1")).status));
    expect(statuses.sort()).toEqual([200, 200, 429]);
    expect((await request("10.0.0.1")).headers.get("retry-after")).toBe("1");
    expect((await request("10.0.0.2")).status).toBe(200);
  });
});

describe("the service tells of itself", () => {
  test("health: ready with its model, not ready once it is closed", async () => {
    const { app, close } = service(filmOptions(await openFilmModel()));
    const health = await app.request("/health");
    expect(health.status).toBe(200);
    expect(await health.json()).toEqual({ status: "ready", model: { name: "movie-reviews", version: 7 } });
    await close();
    const closed = await app.request("/health");
    expect(closed.status).toBe(503);
    expect(await closed.json()).toMatchObject({ status: "not ready" });
  });

  test("metrics: each with HELP and TYPE once, its own names, and those of the process", async () => {
    const { app } = service(filmOptions(model));
    const ask = (body: string) =>
      app.request("/inference", { method: "POST", body, headers: { "content-type": "application/json" } });
    await ask('{"statement":"good film"}');
    await ask("nonsense");
    const reply = await app.request("/metrics");
    expect(reply.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await reply.text()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# HELP prediction_requests Requests for a prediction",
        "# TYPE prediction_requests counter",
        "prediction_requests 2",
        "# TYPE prediction_error counter",
        "prediction_error 1",
        "# TYPE prediction_latency_seconds histogram",
        "prediction_latency_seconds_count 1",
        "# HELP review_length Characters of a review",
        "# TYPE review_length histogram",
        'review_length_bucket{le="10"} 1',
        "review_length_sum 9",
        "# TYPE process_cpu_user_seconds_total counter",
      ]),
    );
    const types = lines.filter((line) => line.startsWith("# TYPE"));
    expect(new Set(types).size).toBe(types.length);
  });

  test("the OpenAPI document describes body, reply and an example", async () => {
    const document = await (await films.app.request("/openapi.json")).json();
    const content = (schema: object) => ({ content: { "application/json": schema } });
    expect(document).toMatchObject({
      openapi: "3.1.0",
      servers: [{ url: "." }],
      paths: {
        "/inference": {
          post: {
            summary: "Whether a critic liked the film",
            requestBody: content({
              schema: {
                type: "object",
                properties: { statement: { type: "string", minLength: 1, maxLength: 10_000 } },
                required: ["statement"],
              },
              example: { statement: "A wonderful film" },
            }),
            responses: {
              "200": content({ schema: { required: ["sentiment"] } }),
              "4XX": content({ schema: { required: ["error"] } }),
              "500": {},
              "503": {},
            },
          },
        },
        "/predictions": { post: {} },
        "/health": { get: {} },
        "/metrics": { get: {} },
      },
    });
  });

  test("docs: a page whose files lie beside it, also below a prefix, with its title as text", async () => {
    const parent = new Hono().route("/projects/movie-reviews", films.app);
    const at = "http://havn.test/projects/movie-reviews/docs";
    const page = await (await parent.request(at)).text();
    expect(page).toContain("<title>Movie &lt;reviews&gt;: API</title>");
    const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => new URL(url!, at).href);
    expect(files).toHaveLength(4);
    for (const file of files) expect((await parent.request(file)).status).toBe(200);
    expect((await parent.request(`${at}/`)).headers.get("location")).toBe("../docs");
    expect((await parent.request(`${at}/package.json`)).status).toBe(404);
  });

  test("a route that every service has is refused to the project", () => {
    const route = { ...filmRoute, path: "/predictions" };
    expect(() => service({ ...filmOptions(model), route })).toThrowErrorMatchingInlineSnapshot(
      `[ServingError: POST /predictions is a route of every service: choose another path]`,
    );
  });
});

test("a real prediction log holds what was answered", async () => {
  const folder = await mkdtemp(join(tmpdir(), "havn-service-"));
  const predictions = openPredictionLog(folder);
  const { app } = service(filmOptions(model, predictions));
  const headers = { "content-type": "application/json" };
  for (const statement of ["good", "bad"])
    await app.request("/inference", { method: "POST", body: JSON.stringify({ statement }), headers });
  await predictions.close();
  const logged: unknown[] = [];
  for await (const { id, input, answer } of readPredictions(folder)) logged.push({ id, input, answer });
  expect(logged).toMatchObject([
    { id: "request-1", input: { text: "good" }, answer: { label: "positive" } },
    { id: "request-2", input: { text: "bad" }, answer: { label: "negative" } },
  ]);
  await rm(folder, { recursive: true });
});
