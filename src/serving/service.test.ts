import { Writable } from "node:stream";
import { Hono } from "hono";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InferenceQueue } from "./inference-queue.ts";
import type { InferenceWorker } from "./inference-worker.ts";
import { service } from "./service.ts";
import type { Review, Sentiment } from "./testing/film-servable.ts";
import { type Films, filmOptions, filmRoute, openFilmModel, openFilms } from "./testing/film-service.ts";
import { ManualClock } from "./testing/manual-clock.ts";

let films: Films;
beforeAll(async () => {
  films = await openFilms();
});
afterAll(() => films.service.close());

/** A worker that never answers. */
function stuckWorker(): InferenceWorker<Review, Sentiment> {
  const never = () => new Promise<never>(() => {});
  return { answer: never, run: never, stream: never, ended: never(), close: async () => {} };
}

describe("what fails inside", () => {
  test("is a 500 that tells nothing of it, and the log says why", async () => {
    const lines: string[] = [];
    const logger = pino({}, new Writable({ write: (line, _, done) => done(void lines.push(String(line))) }));
    const { app } = service({ ...filmOptions(films.model), logger });
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
    const { app, isReady } = service(filmOptions({ ...films.model, queue: stuck }));
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
    const { app } = service({ ...filmOptions(films.model), ratePerSecond: 2, clock: new ManualClock() });
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
    const { app } = service(filmOptions(films.model));
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
    const document = await (await films.service.app.request("/openapi.json")).json();
    const content = (schema: object) => ({ content: { "application/json": schema } });
    expect(document).toMatchObject({
      openapi: "3.1.0",
      servers: [{ url: "." }],
      paths: {
        "/inference": {
          post: {
            tags: ["Predictions"],
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
        "/predictions": { post: { tags: ["Predictions"] } },
        "/health": { get: { tags: ["Service"] } },
        "/metrics": { get: { tags: ["Service"] } },
        "/v2": { get: { tags: ["Open Inference Protocol"] } },
      },
    });
  });

  test("docs: a page whose files lie beside it, also below a prefix, with its title as text", async () => {
    const parent = new Hono().route("/projects/movie-reviews", films.service.app);
    const at = "http://havn.test/projects/movie-reviews/docs";
    const page = await (await parent.request(at)).text();
    expect(page).toContain("<title>Movie &lt;reviews&gt;: API</title>");
    const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => new URL(url!, at).href);
    expect(files).toHaveLength(4);
    for (const file of files) expect((await parent.request(file)).status).toBe(200);
    expect((await parent.request(`${at}/`)).headers.get("location")).toBe("../docs");
    expect(page).toContain(".scheme-container { display: none }");
    expect(await (await parent.request(`${at}/start.js`)).text()).toContain(
      'classList.toggle("dark-mode", dark.matches)',
    );
    expect((await parent.request(`${at}/package.json`)).status).toBe(404);
  });

  test("a route that every service has is refused to the project", () => {
    const route = { ...filmRoute, path: "/predictions" };
    expect(() => service({ ...filmOptions(films.model), route })).toThrowErrorMatchingInlineSnapshot(
      `[ServingError: POST /predictions is a route of every service: choose another path]`,
    );
  });
});
