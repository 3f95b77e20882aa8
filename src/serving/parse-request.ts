/** What a client sent against the schema of the route: the parsed body, or a refusal that says what is right. */
import { z } from "zod";
import { isUploadedFile, show } from "./request-hint.ts";
import { ServingError } from "./serving-error.ts";

/**
 * @param hint a right request, for the message
 * @throws {ServingError} `invalid-body` about the first thing that is wrong
 */
export function parseRequest<Body>(schema: z.ZodType<Body>, value: unknown, hint: string): Body {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === "unrecognized_keys") throw unknownField(schema, issue, hint);
  const path = issue.path.map(String).join(".");
  const expected = expectation(issue);
  const got = preview(at(value, issue.path));
  const problem =
    got === "nothing"
      ? `${path || "the body"} is missing`
      : `${path || "the body"} must be ${expected}, got ${got}`;
  throw new ServingError("invalid-body", `${problem}; ${hint}`, {
    path: path || undefined,
    expected,
    got,
  });
}

/** A strict schema refuses what it does not know, so that a misspelt option is not passed over. */
function unknownField(
  schema: z.ZodType,
  { path, keys }: z.core.$ZodIssueUnrecognizedKeys,
  hint: string,
): ServingError {
  const known = path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const name = [...path, keys[0]!.slice(0, 60)].map(String).join(".");
  const expected = known.length > 0 ? known.join(", ") : undefined;
  const problem = `there is no field ${show(name)}${expected === undefined ? "" : `; there are ${expected}`}`;
  return new ServingError("invalid-body", `${problem}; ${hint}`, { path: name, expected, got: show(name) });
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return withArticle(issue.expected);
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${amount(issue.minimum, issue.origin)}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${amount(issue.maximum, issue.origin)}`;
    case "invalid_value":
      return issue.values.map((value) => show(String(value))).join(" or ");
    default:
      return issue.message;
  }
}

const withArticle = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);

function amount(limit: number | bigint, origin: string): string {
  const unit =
    origin === "string" ? "character" : origin === "array" || origin === "set" ? "item" : undefined;
  if (unit === undefined) return String(limit);
  return `${limit} ${unit}${Number(limit) === 1 ? "" : "s"}`;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) =>
      typeof parent === "object" && parent !== null && Object.hasOwn(parent, key)
        ? Reflect.get(parent, key)
        : undefined,
    value,
  );
}

/** What a value is, in a few words however large it is. */
function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isUploadedFile(value)) return `a file of ${value.bytes.length} bytes`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "number") return String(value); // 1e999 is Infinity, which JSON would show as null
  if (typeof value !== "string" || value.length <= 60) return show(value);
  return `${show(value.slice(0, 60).toWellFormed())}... (${value.length} characters)`;
}
