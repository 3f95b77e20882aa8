/** Texts and files as BYTES of the Open Inference Protocol: each element takes the way of a request of its own. */
import type { Call } from "./call.ts";
import { elementsOf, invalid, type RequestTensor, type ResponseTensor } from "./open-inference-tensors.ts";
import { parseRequest } from "./parse-request.ts";
import { type Predicted, type Predicting, predict } from "./predict.ts";
import { isUploadedFile, readsOf, requestHint } from "./request-hint.ts";

/** The field of a route's body that an element becomes. */
export interface InputField {
  readonly name: string;
  readonly isFile: boolean;
}

/** The first text or file of a right body; undefined where it has neither. */
export function inputField(example: unknown): InputField | undefined {
  const [field] = Object.entries(example ?? {}).filter(
    ([, value]) => typeof value === "string" || isUploadedFile(value),
  );
  return field && { name: field[0], isFile: isUploadedFile(field[1]) };
}

/**
 * @returns `reply`, what the project's own route replies, as JSON; and `label` and `probabilities` where answers have them
 * @throws {ServingError} about the first element that is wrong
 */
export async function predictEach<Input, Answer, Body, Told>(
  call: Call,
  tensor: RequestTensor,
  { name, isFile }: InputField,
  options: Predicting<Input, Answer, Body, Told>,
): Promise<ResponseTensor[]> {
  const { route, model } = options;
  const elements = elementsOf(tensor);
  const { maxBatch } = model().queue;
  if (elements.length > maxBatch)
    throw invalid(`input ${name} must have at most ${maxBatch} elements, got ${elements.length}`);
  const hint = requestHint(readsOf(route), route.example);
  const bodies = elements.map((element) =>
    parseRequest(route.request, { [name]: isFile ? fileOf(element, name) : textOf(element, name) }, hint),
  );
  const predicted = await Promise.all(
    bodies.map((body, i) =>
      // Each has its own line in the prediction log.
      predict(bodies.length === 1 ? call : part(call, i), route.toInput(body), options),
    ),
  );
  const shape = [predicted.length];
  const replies = predicted.map(({ answer }, i) => JSON.stringify(route.toReply(answer, bodies[i]!)));
  return [
    { name: "reply", shape, datatype: "BYTES", data: replies },
    ...labelsOf(predicted),
    ...probabilitiesOf(predicted),
  ];
}

const part = (call: Call, index: number): Call => ({
  ...call,
  prefix: call.prefix,
  requestId: `${call.requestId}.${index}`,
});

function fileOf(element: unknown, name: string) {
  const file = (bytes: Uint8Array) => ({ name, mediaType: "application/octet-stream", bytes });
  if (element instanceof Uint8Array) return file(element);
  if (typeof element !== "string" || !/^[A-Za-z0-9+/]*={0,2}\s*$/.test(element))
    throw invalid(`input ${name} must have files in base64 as its elements`);
  return file(new Uint8Array(Buffer.from(element, "base64")));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(element: unknown, name: string): unknown {
  if (!(element instanceof Uint8Array)) return element;
  try {
    return utf8.decode(element);
  } catch {
    throw invalid(`input ${name} must have texts in UTF-8 as its elements`);
  }
}

function labelsOf(predicted: readonly Predicted<unknown>[]): ResponseTensor[] {
  const data = predicted.flatMap(({ label }) => (label === undefined ? [] : [label]));
  return data.length < predicted.length
    ? []
    : [{ name: "label", shape: [data.length], datatype: "BYTES", data }];
}

function probabilitiesOf(predicted: readonly Predicted<unknown>[]): ResponseTensor[] {
  const rows = predicted.flatMap(({ probabilities }) => (probabilities ? [probabilities] : []));
  const classes = rows[0]?.length ?? 0;
  if (rows.length < predicted.length || rows.some(({ length }) => length !== classes)) return [];
  return [{ name: "probabilities", shape: [rows.length, classes], datatype: "FP32", data: rows.flat() }];
}
