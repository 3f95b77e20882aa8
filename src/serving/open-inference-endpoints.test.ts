import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, service } from "./service.ts";
import type { Review, Sentiment } from "./testing/film-servable.ts";
import { filmOptions, filmTensors, MemoryLog, openFilmModel } from "./testing/film-service.ts";
import { openInferenceSchemas as schemas } from "./testing/open-inference-schemas.ts";

let films: Service<Review, Sentiment>;
let log: MemoryLog;
beforeAll(async () => {
  log = new MemoryLog();
  films = service(filmOptions(await openFilmModel({ tensors: filmTensors }), log));
});
afterAll(() => films.close());

const get = async (path: string) => {
  const reply = await films.app.request(path);
  return { status: reply.status, body: await reply.json() };
};
const infer = async (body: object, path = "/v2/models/movie-reviews/infer") => {
  const headers = { "content-type": "application/json" };
  const reply = await films.app.request(path, { method: "POST", body: JSON.stringify(body), headers });
  return { status: reply.status, body: await reply.json() };
};
const words = { name: "words", shape: [2, 2], datatype: "FP32", data: [1, 2, 3, 4] };

describe("what the protocol asks of every server", () => {
  test("the server tells its name, and whether it lives and would answer", async () => {
    for (const path of ["/v2", "/v2/"]) {
      const { status, body } = await get(path);
      expect(status).toBe(200);
      schemas.metadata_server_response.parse(body);
    }
    expect(await get("/v2/health/live")).toEqual({ status: 200, body: { live: true } });
    expect(await get("/v2/health/ready")).toEqual({ status: 200, body: { ready: true } });
  });

  test.each(["/v2/models/movie-reviews", "/v2/models/movie-reviews/versions/7"])(
    "%s describes the model, is ready and infers",
    async (path) => {
      const { status, body } = await get(path);
      expect(status).toBe(200);
      expect(schemas.metadata_model_response.parse(body)).toEqual({
        name: "movie-reviews",
        versions: ["7"],
        platform: "onnxruntime_onnx",
        inputs: [{ name: "words", datatype: "FP32", shape: [-1, -1] }],
        outputs: [{ name: "score", datatype: "FP32", shape: [-1] }],
      });
      expect(await get(`${path}/ready`)).toEqual({
        status: 200,
        body: { name: "movie-reviews", ready: true },
      });
      const answer = await infer({ id: "42", inputs: [words] }, `${path}/infer`);
      expect(answer).toEqual({
        status: 200,
        body: {
          model_name: "movie-reviews",
          model_version: "7",
          id: "42",
          outputs: [{ name: "score", shape: [2], datatype: "FP32", data: [3, 7] }],
        },
      });
      schemas.inference_response.parse(answer.body);
    },
  );

  test("data may be nested, outputs chosen", async () => {
    const nested = {
      ...words,
      data: [
        [1, 2],
        [3, 4],
      ],
    };
    schemas.inference_request.parse({ inputs: [nested], outputs: [{ name: "score" }] });
    const { body } = await infer({ inputs: [nested], outputs: [{ name: "score" }] });
    expect(body).toMatchObject({ outputs: [{ data: [3, 7] }] });
  });

  test("a model that is not here is a 404, in the protocol's own form", async () => {
    for (const path of [
      "/v2/models/other",
      "/v2/models/movie-reviews/versions/8",
      "/v2/models/other/ready",
    ]) {
      const { status, body } = await get(path);
      expect(status).toBe(404);
      schemas.inference_error_response.strict().parse(body);
    }
  });

  test.each([
    ["no object", [], "the body must be an object"],
    [
      "no input of the model",
      { inputs: [{ ...words, name: "texts" }] },
      "input words is missing; the model takes words",
    ],
    ["an input more", { inputs: [words, { ...words, name: "x" }] }, "there is no input x"],
    ["another type", { inputs: [{ ...words, datatype: "INT64" }] }, "must have the datatype FP32, got INT64"],
    ["too few elements", { inputs: [{ ...words, data: [1] }] }, "must have 4 elements, got 1"],
    ["elements of another type", { inputs: [{ ...words, data: ["a", 2, 3, 4] }] }, 'got "a"'],
    ["a shape that the model does not take", { inputs: [{ ...words, shape: [4] }] }, "words"],
    ["a batch without end", { inputs: [{ ...words, shape: [4000, 0], data: [] }] }, "at most 32 rows"],
    [
      "an unknown output",
      { inputs: [words], outputs: [{ name: "x" }] },
      "there is no output x; there are score",
    ],
  ])("%s is a 4xx that says what is right", async (_, request, message) => {
    const { status, body } = await infer(request);
    expect(status).toBe(422);
    expect(schemas.inference_error_response.strict().parse(body).error).toContain(message);
  });
});

describe("texts as BYTES", () => {
  const texts = (data: unknown[]) => ({
    inputs: [{ name: "statement", shape: [data.length], datatype: "BYTES", data }],
  });

  test("are each answered and logged as a request to the service's own route", async () => {
    const before = log.predictions.length;
    const { status, body } = await infer({ id: "a", ...texts(["a good film", "so dull"]) });
    expect(status).toBe(200);
    const { outputs } = schemas.inference_response.parse(body);
    expect(outputs).toMatchObject([
      { name: "reply", datatype: "BYTES", shape: [2], data: ['{"sentiment":1}', '{"sentiment":0}'] },
      { name: "label", datatype: "BYTES", shape: [2], data: ["positive", "negative"] },
      { name: "probabilities", datatype: "FP32", shape: [2, 2] },
    ]);
    expect(log.predictions.slice(before)).toMatchObject([
      { id: expect.stringMatching(/\.0$/), input: { text: "a good film" } },
      { id: expect.stringMatching(/\.1$/), input: { text: "so dull" } },
    ]);
  });

  test("that the route would refuse are refused", async () => {
    expect(await infer(texts(["good", ""]))).toMatchObject({
      status: 422,
      body: { error: expect.any(String) },
    });
    expect(await infer(texts([1]))).toMatchObject({ status: 422 });
    expect(await infer(texts(["unreadable"]))).toMatchObject({ status: 400 });
    expect(await infer(texts(new Array(33).fill("good")))).toMatchObject({ status: 422 });
  });
});
