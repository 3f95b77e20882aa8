/**
 * The Open Inference Protocol, version 2, over HTTP: what KServe, Triton and MLServer speak.
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
import { z } from "zod";
import type { DType } from "../tensor/index.ts";
import type { BodyShare } from "./body-room.ts";
import { type Call, json, type Reply } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";
import { asServingError, retryAfter } from "./error-reply.ts";
import { inferenceReply, readInference } from "./open-inference-body.ts";
import { inputField, predictEach } from "./open-inference-predictions.ts";
import {
  datatypes,
  fromArray,
  inferenceRequest,
  invalid,
  type RequestTensor,
  type ResponseTensor,
  toArray,
} from "./open-inference-tensors.ts";
import { errorOf } from "./outcome.ts";
import { asPrediction, type Predicting } from "./predict.ts";
import type { ModelTensor, ServedModel } from "./served-model.ts";
import { ServingError, servingStatus } from "./serving-error.ts";

/** Tensors take several times the room in JSON that they take in memory. */
const bodyBytes = 16 * 2 ** 20;

type Options<Input, Answer, Body, Told> = Predicting<Input, Answer, Body, Told>;

export function openInferenceEndpoints<Input, Answer, Body, Told>(
  options: Options<Input, Answer, Body, Told>,
): Endpoint[] {
  const { model, project } = options;
  const field = inputField(options.route.example);
  const about = () =>
    json({ name: project, version: String(model().version), extensions: ["binary_tensor_data"] });
  const ready = () => json({ ready: model().queue.isReady }, { status: model().queue.isReady ? 200 : 503 });
  const ofModel = (
    path: string,
    summary: string,
    answer: (call: Call) => Reply | Promise<Reply>,
    body?: ReturnType<typeof inferenceBody>,
  ) =>
    ["/v2/models/:model", "/v2/models/:model/versions/:version"].map((start) => ({
      method: body ? ("POST" as const) : ("GET" as const),
      path: start + path,
      api: described(summary, { params: [...start.matchAll(/:(\w+)/g)].map(([, name]) => name!), body }),
      handle: (call: Call) =>
        inProtocol(async () => {
          expectModel(call, model());
          return answer(call);
        }),
    }));
  return [
    {
      method: "GET",
      path: "/v2",
      api: described("The server of the Open Inference Protocol"),
      handle: about,
    },
    { method: "GET", path: "/v2/", handle: about },
    {
      method: "GET",
      path: "/v2/health/live",
      api: described("Whether the server runs"),
      handle: () => json({ live: true }),
    },
    {
      method: "GET",
      path: "/v2/health/ready",
      api: described("Whether the model would answer"),
      handle: ready,
    },
    ...ofModel("", "The model, and the tensors that it takes and gives", () =>
      json(metadata(model(), field)),
    ),
    ...ofModel("/ready", "Whether the model would answer", () => {
      const { isReady } = model().queue;
      return json({ name: model().name, ready: isReady }, { status: isReady ? 200 : 503 });
    }),
    ...ofModel(
      "/infer",
      field === undefined
        ? "Tensors to tensors"
        : `Tensors to tensors, or BYTES as ${field.name} (${field.isFile ? "base64" : "texts"}) to answers`,
      (call) => asPrediction(call, options, (share) => infer(call, share, options)),
      inferenceBody(field, options.route.example),
    ),
  ];
}

/** Errors as the protocol has them: `{ error: "words" }`. */
async function inProtocol(work: () => Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    const answered = asServingError(error);
    if (servingStatus[answered.code] === 500) throw error;
    return json(
      { error: answered.message },
      { status: servingStatus[answered.code], headers: retryAfter(answered) },
    );
  }
}

function expectModel({ request }: Call, { name, version }: ServedModel<never, unknown>): void {
  const [wantedName, wantedVersion] = [request.param("model"), request.param("version")];
  if (wantedName === name && (wantedVersion === undefined || wantedVersion === String(version))) return;
  const wanted = wantedVersion === undefined ? wantedName : `${wantedName}, version ${wantedVersion}`;
  throw new ServingError(
    "not-found",
    `there is no model ${wanted} here; there is ${name}, version ${version}`,
  );
}

function metadata(
  { name, version, tensors }: ServedModel<never, unknown>,
  field: ReturnType<typeof inputField>,
) {
  const described = ({ name, dtype, shape }: ModelTensor) => ({
    name,
    datatype: datatypes[dtype as DType],
    shape: shape.map((dimension) => (typeof dimension === "number" ? dimension : -1)),
  });
  const bytes = (name: string) => ({ name, datatype: "BYTES", shape: [-1] });
  return {
    name,
    versions: [String(version)],
    platform: "onnxruntime_onnx",
    inputs: tensors ? tensors.inputs.map(described) : field ? [bytes(field.name)] : [],
    outputs: tensors ? tensors.outputs.map(described) : [bytes("reply")],
  };
}

async function infer<Input, Answer, Body, Told>(
  call: Call,
  share: BodyShare,
  options: Options<Input, Answer, Body, Told>,
): Promise<Reply> {
  const sent = await readInference(call.request, { limitBytes: bodyBytes, share });
  // Only now: while the body came, another may have taken over, and the one before takes nothing more.
  const model = options.model();
  const { id, inputs, outputs: wanted } = sent;
  const field = inputField(options.route.example);
  const [first] = inputs;
  const outputs =
    field && inputs.length === 1 && first!.name === field.name && first!.datatype === "BYTES"
      ? await predictEach(call, first!, field, options)
      : await runTensors(call, inputs, model);
  const missing = wanted?.find(({ name }) => !outputs.some((output) => output.name === name));
  if (missing)
    throw invalid(
      `there is no output ${missing.name}; there are ${outputs.map(({ name }) => name).join(", ")}`,
    );
  const head = { model_name: model.name, model_version: String(model.version), id: id ?? call.requestId };
  const chosen = wanted
    ? outputs.filter(({ name }) => wanted.some((output) => output.name === name))
    : outputs;
  return inferenceReply(head, chosen, sent);
}

/** Tensors through the model as they are. Nothing is logged: what they mean, only the sender knows. */
async function runTensors(
  call: Call,
  inputs: readonly RequestTensor[],
  { tensors, queue, version }: ServedModel<never, unknown>,
): Promise<ResponseTensor[]> {
  if (!tensors) throw invalid("this model takes no tensors, its input is BYTES: see its metadata");
  call.modelVersion = version;
  const arrays = tensors.inputs.map(({ name, dtype }) => {
    const given = inputs.find((input) => input.name === name);
    if (!given) throw invalid(`input ${name} is missing; the model takes ${namesOf(tensors.inputs)}`);
    const [rows = 1] = given.shape;
    if (rows > queue.maxBatch)
      throw invalid(`input ${name} must have at most ${queue.maxBatch} rows, got ${rows}`);
    return [name, toArray(given, dtype as DType)] as const;
  });
  const unknown = inputs.find(({ name }) => !tensors.inputs.some((input) => input.name === name));
  if (unknown) throw invalid(`there is no input ${unknown.name}; the model takes ${namesOf(tensors.inputs)}`);
  const ran = await queue.alone((worker) => worker.run(Object.fromEntries(arrays)), {
    signal: call.request.raw.signal,
  });
  if ("refusal" in ran) throw errorOf(ran.refusal);
  return Object.entries(ran.tensors).map(([name, array]) => fromArray(name, array));
}

const namesOf = (tensors: readonly ModelTensor[]): string => tensors.map(({ name }) => name).join(", ");

/** As `/docs` shows it: the right body of the route, where it is a text. */
function inferenceBody(field: ReturnType<typeof inputField>, example: unknown) {
  const value = field && Reflect.get(Object(example), field.name);
  const input = { name: field?.name, shape: [1], datatype: "BYTES", data: [value] };
  return {
    schema: inferenceRequest,
    ...(typeof value === "string" && { example: { inputs: [input] } }),
  };
}

interface Described {
  /** Names in the path. */
  readonly params?: readonly string[];
  readonly body?: ReturnType<typeof inferenceBody> | undefined;
}

function described(summary: string, { params = [], body }: Described = {}) {
  return {
    tag: "Open Inference Protocol" as const,
    summary,
    request: {
      ...(params.length > 0 && {
        params: z.object(Object.fromEntries(params.map((name) => [name, z.string()]))),
      }),
      ...(body && { body: { required: true, content: { "application/json": body } } }),
    },
    responses: { 200: { description: "As the Open Inference Protocol has it" } },
  };
}
