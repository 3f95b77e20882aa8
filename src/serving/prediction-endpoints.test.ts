import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPredictionLog } from "./prediction-log.ts";
import { readPredictions } from "./read-predictions.ts";
import { service } from "./service.ts";
import { type Films, filmOptions, filmRoute, openFilms } from "./testing/film-service.ts";

let films: Films;
beforeAll(async () => {
  films = await openFilms();
});
afterAll(() => films.service.close());

describe("a prediction", () => {
  test("on the project's own route is what the route makes of the answer", async () => {
    const reply = await films.ask("A wonderful film");
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ sentiment: 1 });
    expect(await (await films.ask("so dull")).json()).toEqual({ sentiment: 0 });
  });

  test("on /predictions is the whole answer, with model, latency and id", async () => {
    const reply = await films.post('{"statement": "good"}', { path: "/predictions" });
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
      confidence: positive,
      model: { name: "movie-reviews", version: 7 },
      latencyMs: 0,
      requestId: reply.headers.get("x-request-id"),
    });
  });

  test("carries id, version and time in its headers", async () => {
    const { headers } = await films.ask("good");
    expect(headers.get("x-request-id")).toMatch(/^request-\d+$/);
    expect(headers.get("x-model-version")).toBe("7");
    expect(headers.get("x-response-time-ms")).toBe("0");
  });

  test("is logged under its request id", async () => {
    const reply = await films.ask("  good  ");
    expect(films.log.predictions.at(-1)).toEqual({
      id: reply.headers.get("x-request-id"),
      project: "movie-reviews",
      modelVersion: 7,
      time: Date.UTC(2026, 0, 1),
      latencyMs: 0,
      input: { text: "good" },
      answer: expect.objectContaining({ label: "positive" }),
      label: "positive",
      probabilities: [1 - 1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(-1))],
      confidence: 1 / (1 + Math.exp(-1)),
    });
  });

  test("asked for a hundred times at once is each time its own", async () => {
    const words = ["good", "bad"];
    const statements = Array.from({ length: 100 }, (_, i) => `${words[i % 2]} ${"film ".repeat(i % 13)}`);
    const replies = await Promise.all(statements.map(async (each) => (await films.ask(each)).json()));
    expect(replies).toEqual(statements.map((_, i) => ({ sentiment: 1 - (i % 2) })));
  });

  test("of a GET route takes its input from the query", async () => {
    const route = { ...filmRoute, method: "GET", path: "/sentiment" } as const;
    const { app } = service({ ...filmOptions(films.model), route });
    expect(await (await app.request("/sentiment?statement=a+good+film")).json()).toEqual({ sentiment: 1 });
    expect((await app.request("/sentiment")).status).toBe(422);
  });
});

test.each([
  ["half of a surrogate pair", '{"statement":"good \\ud83d film"}', "good \ufffd film"],
  ["a NUL", '{"statement":"good \\u0000 film"}', "good \0 film"],
  ["a pair of escapes", '{"statement":"good \\ud83c\\udfac film"}', "good \u{1f3ac} film"],
])("%s in the statement is answered, and logged as valid text", async (_, body, text) => {
  expect(await (await films.post(body)).json()).toEqual({ sentiment: 1 });
  expect(films.log.predictions.at(-1)!.input).toEqual({ text });
});

test("a real prediction log holds what was answered", async () => {
  const folder = await mkdtemp(join(tmpdir(), "havn-service-"));
  const predictions = openPredictionLog(folder);
  const { app } = service(filmOptions(films.model, predictions));
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
