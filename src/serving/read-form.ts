/**
 * A form with files: `multipart/form-data` (RFC 7578). It is read from memory in one go, since its size is limited and
 * a whole file is needed anyway; the parser of the platform takes many times as long for a file of 20 kB.
 */
import type { HonoRequest } from "hono";
import { type BodyExpectations, type BodyLimits, readBytes, sizeInWords } from "./read-body.ts";
import type { UploadedFile } from "./servable.ts";
import { ServingError } from "./serving-error.ts";

export interface FormExpectations extends BodyExpectations {
  readonly maxFields?: number;
  /** Of a field that is no file. */
  readonly maxFieldBytes?: number;
}

/** By name: text, or a file. */
export type Form = Record<string, string | UploadedFile>;

const maxPartHeaderBytes = 4096;

/**
 * Reads a form.
 *
 * @throws {ServingError} `unsupported-media-type`, `body-too-large` or `invalid-form`
 */
export async function readForm(request: HonoRequest, expectations: FormExpectations): Promise<Form> {
  const boundary = boundaryOf(request.header("content-type"), expectations.hint);
  const bytes = await readBytes(request, expectations);
  return parseForm(bytes, boundary, expectations);
}

function boundaryOf(type: string | undefined, hint: string): string {
  const parameter = /^multipart\/form-data *;(?:.*;)? *boundary=(?:"([^"]{1,200})"|([^\s";]{1,200}))/i.exec(
    type ?? "",
  );
  const boundary = parameter?.[1] ?? parameter?.[2];
  if (boundary !== undefined) return boundary;
  throw new ServingError(
    "unsupported-media-type",
    `the body must be a form with the header content-type: multipart/form-data; boundary=...; ${hint}`,
    { expected: "multipart/form-data", got: type ?? "no content-type" },
  );
}

/** @throws {ServingError} `invalid-form` */
export function parseForm(
  body: Uint8Array,
  boundary: string,
  { hint, maxFields = 32, maxFieldBytes = 2 ** 20 }: Omit<FormExpectations, keyof BodyLimits>,
): Form {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const wrong = (problem: string) =>
    new ServingError("invalid-form", `${problem}; ${hint}`, { expected: "multipart/form-data" });
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter may open the body, without a line before it.
  const first = bytes.indexOf(delimiter.subarray(2));
  if (first < 0) throw wrong(bytes.length === 0 ? "the body is empty" : "the body has no part of a form");
  const form: Form = Object.create(null);
  let fields = 0;
  for (let at = first + delimiter.length - 2; ; ) {
    if (bytes.toString("latin1", at, at + 2) === "--") return form;
    const lineEnd = bytes.indexOf("\r\n", at);
    const headEnd = bytes.indexOf("\r\n\r\n", at);
    if (lineEnd < 0 || headEnd < 0 || bytes.toString("latin1", at, lineEnd).trim() !== "")
      throw wrong("the form ends too early");
    if (headEnd - at > maxPartHeaderBytes) throw wrong("a part of the form has too long a head");
    const end = bytes.indexOf(delimiter, headEnd + 2);
    if (end < 0) throw wrong("the form ends too early");
    if (++fields > maxFields) throw wrong(`the form must have at most ${maxFields} fields`);
    const { name, fileName, mediaType } = parseHead(bytes.toString("utf8", lineEnd, headEnd));
    if (name === undefined) throw wrong("a part of the form has no name");
    if (Object.hasOwn(form, name)) throw wrong(`the form has ${show(name)} twice`);
    const start = Math.min(headEnd + 4, end);
    if (fileName === undefined && end - start > maxFieldBytes)
      throw wrong(
        `the field ${show(name)} must have at most ${sizeInWords(maxFieldBytes)}, got ${sizeInWords(end - start)}`,
      );
    form[name] =
      fileName === undefined
        ? bytes.toString("utf8", start, end)
        : { name: fileName, mediaType, bytes: new Uint8Array(bytes.subarray(start, end)) };
    at = end + delimiter.length;
  }
}

const show = (name: string): string => JSON.stringify(name.slice(0, 60));

function parseHead(head: string) {
  const disposition = /^content-disposition: *form-data *;(.*)$/im.exec(head)?.[1] ?? "";
  const parameter = (name: string) => {
    const match = new RegExp(`(?:^|[; ])${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, "i").exec(
      disposition,
    );
    return match && unquote(match[1] ?? match[2]!);
  };
  return {
    name: parameter("name") ?? undefined,
    fileName: parameter("filename") ?? undefined,
    mediaType: (/^content-type: *([^\r\n;]+)/im.exec(head)?.[1] ?? "application/octet-stream")
      .trim()
      .toLowerCase(),
  };
}

/** Browsers write quotes and line ends of a name with percent signs (HTML standard), curl with backslashes. */
const unquote = (text: string): string =>
  text
    .replace(/\\(["\\])/g, "$1")
    .replace(/%(22|0D|0A)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
