import fc from "fast-check";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Films, openFilms } from "./testing/film-service.ts";

let films: Films;
beforeAll(async () => {
  films = await openFilms();
});
afterAll(() => films.service.close());

describe("bad input is answered with a 4xx that says what is right", () => {
  const example = 'send for example {"statement":"A wonderful film"}';
  const cases: [string, () => Response | Promise<Response>, number, object][] = [
    [
      "bad JSON",
      () => films.post('{"statement": "it is \'}'),
      400,
      {
        code: "invalid-json",
        message: expect.stringContaining(`the body is not JSON: it goes wrong at position`),
      },
    ],
    [
      "JSON that breaks off",
      () => films.post('{"statement":'),
      400,
      {
        code: "invalid-json",
        message: `the body is not JSON: it ends too early; ${example}`,
        expected: "JSON",
      },
    ],
    [
      "no body",
      () => films.post(null),
      400,
      { code: "invalid-json", message: `the body is empty; ${example}` },
    ],
    [
      "bytes that are not UTF-8",
      () => films.post(new Uint8Array([0x22, 0xff, 0x22])),
      400,
      { code: "invalid-json", message: `the body is not UTF-8; ${example}` },
    ],
    [
      "a wrong content type",
      () => films.post("statement=good", { type: "application/x-www-form-urlencoded" }),
      415,
      {
        code: "unsupported-media-type",
        expected: "application/json",
        got: "application/x-www-form-urlencoded",
      },
    ],
    ["no content type", () => films.post(new Uint8Array(2), { type: "" }), 415, { got: "no content-type" }],
    [
      "a missing field",
      () => films.post('{"review": "good"}'),
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
      () => films.ask(42),
      422,
      { message: `statement must be a string, got 42; ${example}`, path: "statement", got: "42" },
    ],
    ["a list", () => films.ask(["good"]), 422, { got: "an array of 1" }],
    [
      "not an object",
      () => films.post("[1]"),
      422,
      { message: `the body must be an object, got an array of 1; ${example}` },
    ],
    [
      "an empty statement",
      () => films.ask("  "),
      422,
      { message: `statement must be at least 1 character, got "  "; ${example}` },
    ],
    [
      "a statement above the task's limit",
      () => films.ask("x".repeat(10_001)),
      422,
      { expected: "at most 10000 characters", got: `"${"x".repeat(60)}"... (10001 characters)` },
    ],
    [
      "a body of more than 1 MiB",
      () => films.ask("x".repeat(2 ** 20)),
      413,
      { code: "body-too-large", expected: "at most 1 MB" },
    ],
    [
      "deep nesting",
      () => films.post(`{"statement":${"[".repeat(1e5)}${"]".repeat(1e5)}}`),
      422,
      { got: "an array of 1" },
    ],
    [
      "deep nesting with escapes",
      () => films.post(`{"x":${"[".repeat(1e5)}"\\ud800"${"]".repeat(1e5)}}`),
      400,
      { message: `the body is not JSON: it is nested too deeply; ${example}` },
    ],
    ["a huge number", () => films.post('{"statement":1e999}'), 422, { got: "Infinity" }],
    [
      "a number of many digits",
      () => films.post(`{"statement":${"9".repeat(5000)}}`),
      422,
      { path: "statement" },
    ],
    [
      "a key of every object",
      () => films.post('{"__proto__":{"statement":"good"}}'),
      422,
      { got: "nothing" },
    ],
  ];

  test.each(cases)("%s", async (_, request, status, error) => {
    const reply = await request();
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toMatch(/^application\/json/);
    expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await reply.json()).toEqual({ error: expect.objectContaining(error) });
  });

  test("an unknown path is answered with the routes, below the prefix where the service is mounted", async () => {
    const parent = new Hono().route("/projects/movie-reviews", films.service.app);
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
    const reply = await films.service.app.request("/inference", { method: "PUT" });
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
    expect((await films.service.app.request("/health", { method: "POST" })).headers.get("allow")).toBe(
      "GET, HEAD",
    );
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
        const reply = await films.post(typeof body === "string" ? body : new Uint8Array(body));
        expect([200, 400, 422]).toContain(reply.status);
        expect(reply.headers.get("content-type")).toMatch(/^application\/json/);
        await reply.json();
      }),
      { numRuns: 500 },
    );
    expect((await films.ask("good")).status).toBe(200);
  });
});
