import type { z } from "zod";
import type { BadRow } from "./data-error.ts";

/** Turns what the schema says of a row into what its author should know. */
export function rowProblem(
  issue: z.core.$ZodIssue,
  content: Readonly<Record<string, unknown>>,
  line: number,
): BadRow {
  const got = issue.path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    content,
  );
  const column = issue.path.map(String).join(".");
  return {
    line,
    ...(column === "" ? {} : { column }),
    expected: expectation(issue),
    ...(got === undefined || column === "" ? {} : { got }),
  };
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_value":
      return `must be ${alternatives(issue.values)}`;
    case "invalid_type":
      return `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "must not be empty";
      return `must ${verb(issue.origin)} ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `must ${verb(issue.origin)} ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_format":
      return `must be a valid ${issue.pattern ?? issue.format}`;
    default:
      return `is refused (${issue.message})`;
  }
}

const NOUNS: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  date: "a date",
  bigint: "a whole number of 64 bits",
  array: "a list",
  object: "an object",
};

const alternatives = (values: readonly unknown[]): string => {
  const written = values.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value)));
  const last = written.pop() ?? "";
  return written.length === 0 ? last : `${written.join(", ")} or ${last}`;
};

const verb = (origin: string): string => (unit(origin) === "" ? "be" : "have");
const unit = (origin: string): string =>
  origin === "string" ? " characters" : origin === "array" || origin === "set" ? " elements" : "";

/** `label must be 0 or 1, got "positive"`. */
export const describeBadRow = ({ column, expected, got }: BadRow): string =>
  [column, expected].filter(Boolean).join(" ") + (column === undefined ? "" : `, got ${shown(got)}`);

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "bigint") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
