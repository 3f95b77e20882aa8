import { z } from "zod";
import type { Composition } from "./compose.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { expectation, literalsOf } from "./expectation.ts";
import { isJsonObject, type JsonObject, type JsonValue, selectValue } from "./json.ts";
import { formatKeyPath, type KeyPath } from "./key-path.ts";
import { nearest, suggestion } from "./nearest.ts";
import { knownKeys, schemasAt, unknownKeys } from "./schema-walk.ts";

/**
 * Checks a composition against a schema. Objects are strict: keys that the schema does not name are refused,
 * unless it is a `z.looseObject`. A value that is still `???` must be given.
 *
 * @throws {ConfigError} with all problems at once, each with the place that set the value
 */
export function validate<S extends z.ZodType>(composition: Composition, schema: S): z.output<S> {
  const { values } = composition;
  const result = schema.safeParse(values);
  const described = jsonSchemaOf(schema);
  const context: Context = { composition, described };
  const unknown = unknownKeys(described, values);
  const missing = missingValues(values);
  const issues = (result.error?.issues ?? []).flatMap((issue) => mostLikely(issue, values));
  const problems = [
    ...unknown.map((path) => unknownKey(path, context)),
    ...missing.map((path) => missingValue(path, context)),
    ...issues.flatMap((issue) => problemsOf(issue, context)),
  ];
  const first = problems.filter(
    ({ path }, index) => problems.findIndex((other) => other.path === path) === index,
  );
  if (result.success && first.length === 0) return result.data;
  throw new ConfigError(first);
}

interface Context {
  readonly composition: Composition;
  /** The schema as a JSON schema, which can be asked what it expects. */
  readonly described: JsonObject;
}

/** The JSON schema of what goes in; types that JSON does not have expect anything. */
function jsonSchemaOf(schema: z.ZodType): JsonObject {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" })));
}

type Issue = z.core.$ZodIssue;

/** Of a map that fits no member of a union: what keeps it from the member that it comes nearest to. */
function mostLikely(issue: Issue, values: JsonObject): Issue[] {
  if (issue.code !== "invalid_union" || !isContainer(selectValue(values, pathOf(issue)))) return [issue];
  const inside = issue.errors.filter((member) => member.every(({ path }) => path.length > 0));
  const [best] = inside.sort((one, other) => one.length - other.length);
  return best?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

function problemsOf(issue: Issue, context: Context): ConfigProblem[] {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], context));
  const got = selectValue(context.composition.values, path);
  if (issue.code === "custom") return [refused(path, issue.message, context)];
  if (got === undefined) return [missingValue(path, context)];
  const schemas = schemasAt(context.described, context.composition.values, path);
  const expected = expectation(schemas, got);
  if (expected === undefined) return [refused(path, issue.message, context)];
  const known = schemas.flatMap(literalsOf).map(String);
  const candidate = typeof got === "string" ? nearest(got, known) : undefined;
  const hint = candidate === undefined ? "" : `; did you mean ${candidate}?`;
  const message = `${formatKeyPath(path)} must be ${expected}, got ${shown(got)}${hint}`;
  return [
    { ...about("invalid-value", path, context), expected, got: shown(got), nearest: candidate, message },
  ];
}

function unknownKey(path: KeyPath, context: Context): ConfigProblem {
  const parent = path.slice(0, -1);
  const known = knownKeys(schemasAt(context.described, context.composition.values, parent)) ?? [];
  const names = known.map((key) => formatKeyPath([...parent, key]));
  const name = formatKeyPath(path);
  return {
    ...about("unknown-key", path, context),
    nearest: nearest(name, names),
    message: `${name} is unknown${suggestion(name, names)}`,
  };
}

function missingValue(path: KeyPath, context: Context): ConfigProblem {
  const { values } = context.composition;
  const name = formatKeyPath(path);
  const expected = expectation(schemasAt(context.described, values, path), undefined);
  const typed = selectValue(values, path) === undefined ? `+${name}=VALUE` : `${name}=VALUE`;
  const wanted = expected === undefined ? "" : `, expected ${expected}`;
  const message = `${name} is missing${wanted}; write it there or type ${typed}`;
  return { ...about("missing-value", path, context), expected, message };
}

/** A rule of the schema's own, in its own words. */
function refused(path: KeyPath, reason: string, context: Context): ConfigProblem {
  const name = formatKeyPath(path);
  const sentence = reason.startsWith("must ") ? `${name} ${reason}` : `${name}: ${reason}`;
  return { ...about("invalid-value", path, context), message: name === "" ? reason : sentence };
}

/** The problem's path, and the place that set it or, for a key that is missing, the nearest map around it. */
function about(code: ConfigProblem["code"], path: KeyPath, { composition }: Context) {
  let place: string | undefined;
  for (let length = path.length; length >= 0 && place === undefined; length--)
    place = composition.sourceOf(path.slice(0, length));
  return { code, path: formatKeyPath(path), place };
}

function missingValues(value: JsonValue, path: KeyPath = []): KeyPath[] {
  if (value === "???") return [path];
  if (!isContainer(value)) return [];
  return Object.entries(value).flatMap(([key, child]: [string, JsonValue]) =>
    missingValues(child, [...path, key]),
  );
}

function pathOf({ path }: Issue): KeyPath {
  return path.map(String);
}

function isContainer(value: JsonValue | undefined): value is JsonObject | readonly JsonValue[] {
  return isJsonObject(value) || Array.isArray(value);
}

function shown(value: JsonValue): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
