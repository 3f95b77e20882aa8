/** What a JSON schema expects, in the words of an error. */
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/**
 * What must stand in the place of a value: `a number between 0 and 1`, `one of adamw, sgd`; for a number that is only
 * out of bounds the bounds alone. Undefined where the schemas say nothing.
 */
export function expectation(schemas: readonly JsonObject[], got: JsonValue | undefined): string | undefined {
  const literals = schemas.flatMap(literalsOf);
  const types = schemas.flatMap((schema) => (literalsOf(schema).length > 0 ? [] : typesOf(schema)));
  // Beside other members of a union, bounds alone would not say of what.
  const alone = literals.length === 0 && types.length === 1;
  const described = types.map(([type, schema]) => describe(type, schema, alone ? got : undefined));
  if (described.includes(undefined)) return undefined;
  const shown = literals.map((literal) => String(literal));
  if (shown.length > 1) described.unshift(`one of ${[...new Set(shown)].join(", ")}`);
  else if (shown.length === 1) described.unshift(shown[0]);
  return described.length === 0 ? undefined : [...new Set(described)].join(" or ");
}

/** The names that may stand in a place, where only certain ones may. */
export function literalsOf(schema: JsonObject): JsonValue[] {
  if (Array.isArray(schema.enum)) return schema.enum;
  return schema.const === undefined ? [] : [schema.const];
}

function typesOf(schema: JsonObject): [string, JsonObject][] {
  return [schema.type ?? "any"].flat().map((type) => [String(type), schema]);
}

function describe(type: string, schema: JsonObject, got: JsonValue | undefined): string | undefined {
  switch (type) {
    case "integer":
    case "number":
      return describeNumber(type, schema, got);
    case "string":
      return describeString(schema);
    case "boolean":
      return "true or false";
    case "array":
      return `a list${between(schema.minItems, schema.maxItems, "item")}`;
    case "object":
      return isJsonObject(schema.properties)
        ? `a map of ${Object.keys(schema.properties).join(", ")}`
        : "a map";
    default:
      return type === "null" ? "null" : undefined;
  }
}

function describeNumber(type: "integer" | "number", schema: JsonObject, got: JsonValue | undefined): string {
  const limits = bounds(schema);
  const rightType = type === "integer" ? Number.isInteger(got) : typeof got === "number";
  const multiple = typeof schema.multipleOf === "number" ? `a multiple of ${schema.multipleOf}` : undefined;
  if (rightType && limits !== undefined) return multiple === undefined ? limits : `${multiple} ${limits}`;
  const what = multiple ?? (type === "integer" ? "an integer" : "a number");
  if (limits === undefined) return what;
  return limits.startsWith("at ") ? `${what} of ${limits}` : `${what} ${limits}`;
}

/** `between 0 and 1`, `at least 1`, `above 0 and at most 1`; the bounds of safe integers are none. */
function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonObject): string | undefined {
  const least = typeof minimum === "number" && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const most = typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (least !== undefined && most !== undefined) return `between ${least} and ${most}`;
  const lower =
    typeof exclusiveMinimum === "number"
      ? `above ${exclusiveMinimum}`
      : least === undefined
        ? []
        : `at least ${least}`;
  const upper =
    typeof exclusiveMaximum === "number"
      ? `below ${exclusiveMaximum}`
      : most === undefined
        ? []
        : `at most ${most}`;
  return [lower, upper].flat().join(" and ") || undefined;
}

function describeString({ minLength, maxLength, pattern, format }: JsonObject): string {
  if (typeof format === "string") return `a ${format === "uri" ? "URL" : format}`;
  if (typeof pattern === "string") return `a string that matches ${pattern}`;
  if (minLength === 1 && maxLength === undefined) return "a string that is not empty";
  return `a string${between(minLength, maxLength, "character")}`;
}

function between(least: JsonValue | undefined, most: JsonValue | undefined, unit: string): string {
  const units = (count: JsonValue) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  if (least !== undefined && most !== undefined)
    return least === most ? ` of ${units(most)}` : ` of ${least} to ${units(most)}`;
  if (least !== undefined) return ` of at least ${units(least)}`;
  return most === undefined ? "" : ` of at most ${units(most)}`;
}
