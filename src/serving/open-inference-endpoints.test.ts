import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
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

test("tensors that come while another version takes over are answered by that one", async () => {
  const renewed = service(filmOptions(await openFilmModel({ tensors: filmTensors })));
  const body = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const reply = renewed.app.request("/v2/models/movie-reviews/infer", {
    method: "POST",
    body: body.readable,
    duplex: "half",
  } as RequestInit);
  const writer = body.writable.getWriter();
  const bytes = Buffer.from(JSON.stringify({ inputs: [words] }));
  await writer.write(bytes.subarray(0, 10));
  await renewed.replace(await openFilmModel({ tensors: filmTensors, version: 8 }));
  await writer.write(bytes.subarray(10));
  await writer.close();
  expect(await (await reply).json()).toMatchObject({ model_version: "8", outputs: [{ data: [3, 7] }] });
  await renewed.close();
});

test("/docs knows what to send", async () => {
  const content = z.object({
    schema: z.object({ required: z.array(z.string()) }),
    example: z.looseObject({}),
  });
  const post = z.object({
    parameters: z.array(z.object({ name: z.string() })),
    requestBody: z.object({ content: z.object({ "application/json": content }) }),
  });
  const paths = z.record(z.string(), z.record(z.string(), z.unknown()));
  const { body } = await get("/openapi.json");
  const documented = z.object({ paths }).parse(body).paths;
  const { parameters, requestBody } = post.parse(
    documented["/v2/models/{model}/versions/{version}/infer"]!.post,
  );
  expect(parameters.map(({ name }) => name)).toEqual(["model", "version"]);
  const { schema, example } = requestBody.content["application/json"];
  expect(schema.required).toEqual(["inputs"]);
  expect((await infer(example)).status).toBe(200);
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

describe("tensors behind the JSON, as the client of Triton sends them", () => {
  const send = async (head: object, data: Uint8Array, headers: Record<string, string> = {}) => {
    const text = Buffer.from(JSON.stringify(head));
    const reply = await films.app.request("/v2/models/movie-reviews/infer", {
      method: "POST",
      body: new Uint8Array(Buffer.concat([text, data])),
      headers: { "inference-header-content-length": String(text.length), ...headers },
    });
    const bytes = Buffer.from(await reply.arrayBuffer());
    const jsonBytes = Number(reply.headers.get("inference-header-content-length") ?? bytes.length);
    return {
      status: reply.status,
      type: reply.headers.get("content-type"),
      head: JSON.parse(bytes.toString("utf8", 0, jsonBytes)),
      data: bytes.subarray(jsonBytes),
    };
  };
  const input = (name: string, datatype: string, shape: number[], size: unknown) => ({
    ...{ name, datatype, shape },
    parameters: { binary_data_size: size },
  });
  const numbers = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);
  const binary = { parameters: { binary_data_output: true } };
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from(new Uint32Array([bytes.length]).buffer), bytes]);
  };

  test("the server says that it reads them", async () => {
    expect((await get("/v2")).body).toMatchObject({ extensions: ["binary_tensor_data"] });
  });

  test("numbers are read and written as they lie in memory", async () => {
    const inputs = [input("words", "FP32", [2, 2], 16)];
    expect(await send({ id: "1", inputs, ...binary }, numbers)).toEqual({
      status: 200,
      type: "application/octet-stream",
      head: {
        model_name: "movie-reviews",
        model_version: "7",
        id: "1",
        outputs: [{ name: "score", shape: [2], datatype: "FP32", parameters: { binary_data_size: 8 } }],
      },
      data: Buffer.from(new Float32Array([3, 7]).buffer),
    });
    // What the output itself says comes first.
    const outputs = [{ name: "score", parameters: { binary_data: false } }];
    expect(await send({ inputs, outputs, ...binary }, numbers)).toMatchObject({
      type: "application/json",
      head: { outputs: [{ data: [3, 7] }] },
    });
  });

  test("texts stand behind their lengths", async () => {
    const data = Buffer.concat([text("a good film"), text("så dull")]);
    const inputs = [input("statement", "BYTES", [2], data.length)];
    const { head, data: labels } = await send(
      { inputs, outputs: [{ name: "label", parameters: { binary_data: true } }] },
      data,
    );
    expect(head).toMatchObject({ outputs: [{ parameters: { binary_data_size: labels.length } }] });
    expect(labels).toEqual(Buffer.concat([text("positive"), text("negative")]));
  });

  test.each([
    ["a size that is none", [input("words", "FP32", [2, 2], -1)], numbers, "binary_data_size"],
    [
      "neither data nor bytes",
      [{ ...words, data: undefined }],
      numbers,
      "must have data, or binary_data_size",
    ],
    ["fewer bytes than said", [input("words", "FP32", [2, 2], 32)], numbers, "32 bytes behind the JSON"],
    [
      "more bytes than said",
      [input("words", "FP32", [1, 2], 8)],
      numbers,
      "8 bytes behind the JSON, the body has 16",
    ],
    [
      "bytes that do not fill the shape",
      [input("words", "FP32", [3, 2], 16)],
      numbers,
      "must have 24 bytes, got 16",
    ],
    ["a type that no model takes", [input("words", "FP16", [2, 4], 16)], numbers, "got FP16"],
    ["a length beyond the end", [input("statement", "BYTES", [1], 16)], numbers, "in 4 bytes"],
    [
      "a text that is not UTF-8",
      [input("statement", "BYTES", [1], 5)],
      Buffer.from([1, 0, 0, 0, 0xff]),
      "texts in UTF-8",
    ],
  ])("%s is a 4xx that says what is right", async (_, inputs, data, message) => {
    const { status, head } = await send({ inputs }, data);
    expect(status).toBe(422);
    expect(head.error).toContain(message);
  });

  test("a JSON that is longer than the body is refused", async () => {
    const { status, head } = await send({}, numbers, { "inference-header-content-length": "99" });
    expect(status).toBe(422);
    expect(head.error).toContain("up to 18, the size of the body, got 99");
  });
});
