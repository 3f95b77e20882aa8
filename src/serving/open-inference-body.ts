/**
 * Bodies of the Open Inference Protocol: JSON, or JSON with the tensors behind it as they lie in memory (the "binary
 * tensor data extension", which Triton's own client uses unless told otherwise).
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
import type { HonoRequest } from "hono";
import { json as jsonReply, type Reply } from "./call.ts";
import { elementsToBytes, withBytes } from "./open-inference-binary.ts";
import {
  type InferenceRequest,
  inferenceRequest,
  invalid,
  type RequestTensor,
  type ResponseTensor,
} from "./open-inference-tensors.ts";
import { parseRequest } from "./parse-request.ts";
import { type BodyLimits, parseJson, readBytes } from "./read-body.ts";
import { ServingError } from "./serving-error.ts";

/** Bytes of the JSON in front of the tensors. */
const jsonLengthHeader = "inference-header-content-length";
const hint = "see the Open Inference Protocol, version 2";

/** @throws {ServingError} about what is wrong */
export async function readInference(request: HonoRequest, limits: BodyLimits): Promise<InferenceRequest> {
  expectType(request.header("content-type"));
  const bytes = await readBytes(request, limits);
  const jsonBytes = jsonLength(request.header(jsonLengthHeader), bytes.length);
  const sent = parseRequest(inferenceRequest, parseJson(bytes.subarray(0, jsonBytes), hint), hint);
  return { ...sent, inputs: complete(sent.inputs, bytes.subarray(jsonBytes)) };
}

/** The protocol asks for no content type, and Triton's client gives none. */
function expectType(type: string | undefined): void {
  if (type === undefined || /^application\/(octet-stream|([\w.-]+\+)?json) *(;|$)/i.test(type)) return;
  throw new ServingError(
    "unsupported-media-type",
    `the body must be JSON with the header content-type: application/json; ${hint}`,
    { expected: "application/json", got: type },
  );
}

function jsonLength(header: string | undefined, size: number): number {
  if (header === undefined) return size;
  const length = Number(header);
  if (/^\d+$/.test(header) && length <= size) return length;
  throw invalid(
    `${jsonLengthHeader} must be a whole number up to ${size}, the size of the body, got ${header}`,
  );
}

/** Gives each input that says how many bytes it has its own, in their order. */
function complete(inputs: readonly RequestTensor[], bytes: Uint8Array): RequestTensor[] {
  let at = 0;
  const completed = inputs.map((input) => {
    const size = input.parameters?.binary_data_size;
    if (size === undefined && input.data !== undefined) return input;
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0)
      throw invalid(`input ${input.name} must have data, or binary_data_size among its parameters`);
    at += size;
    return withBytes(input, bytes.subarray(at - size, at));
  });
  if (at === bytes.length) return completed;
  throw invalid(`the inputs have ${at} bytes behind the JSON, the body has ${bytes.length}`);
}

/** The reply in the form in which the request wants each output. */
export function inferenceReply(
  head: Readonly<Record<string, string>>,
  outputs: readonly ResponseTensor[],
  { parameters, outputs: wanted }: Pick<InferenceRequest, "parameters" | "outputs">,
): Reply {
  const isBinary = (name: string) =>
    (wanted?.find((output) => output.name === name)?.parameters?.binary_data ??
      parameters?.binary_data_output) === true;
  if (!outputs.some(({ name }) => isBinary(name))) return jsonReply({ ...head, outputs });
  const parts: Uint8Array[] = [];
  const described = outputs.map((output) => {
    const { name, shape, datatype } = output;
    if (!isBinary(name)) return output;
    const bytes = elementsToBytes(output);
    parts.push(bytes);
    return { name, shape, datatype, parameters: { binary_data_size: bytes.length } };
  });
  const text = Buffer.from(JSON.stringify({ ...head, outputs: described }));
  return {
    headers: { "content-type": "application/octet-stream", [jsonLengthHeader]: String(text.length) },
    body: new Uint8Array(Buffer.concat([text, ...parts])),
  };
}
