/** Finds, in the JSON schema of a configuration, what is said about the value at a path. */
import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** Every schema that may describe the value at a path; none where the schema says nothing of it. */
export function schemasAt(
  root: JsonObject,
  value: JsonValue | undefined,
  path: readonly string[],
): JsonObject[] {
  let inner = value;
  let schemas = alternatives(root, root, inner);
  for (const key of path) {
    inner = childValue(inner, key);
    schemas = childSchemas(root, schemas, key, inner);
  }
  return schemas;
}

/** Paths of the keys in a value that no schema names. Maps that the schema leaves open may hold any. */
export function unknownKeys(root: JsonObject, value: JsonValue): string[][] {
  const walk = (inner: JsonValue, schemas: readonly JsonObject[], path: readonly string[]): string[][] => {
    if (typeof inner !== "object" || inner === null) return [];
    const known = knownKeys(schemas);
    return Object.entries(inner).flatMap(([key, child]: [string, JsonValue]) => {
      if (isJsonObject(inner) && known !== undefined && !known.includes(key)) return [[...path, key]];
      return walk(child, childSchemas(root, schemas, key, child), [...path, key]);
    });
  };
  return walk(value, alternatives(root, root, value), []);
}

/** The keys that a map may hold; undefined where any may stand there. */
export function knownKeys(schemas: readonly JsonObject[]): string[] | undefined {
  const maps = schemas.filter(({ type }) => type === undefined || type === "object");
  // An object of zod that is not loose says nothing of additional properties where they would be dropped.
  const closed = ({ properties, additionalProperties }: JsonObject) =>
    isJsonObject(properties) && (additionalProperties ?? false) === false;
  if (maps.length === 0 || !maps.every(closed)) return undefined;
  return [
    ...new Set(maps.flatMap(({ properties }) => (isJsonObject(properties) ? Object.keys(properties) : []))),
  ];
}

function childSchemas(
  root: JsonObject,
  schemas: readonly JsonObject[],
  key: string,
  value: JsonValue | undefined,
): JsonObject[] {
  return schemas
    .map((schema) => ownChildSchema(schema, key))
    .filter((child) => child !== undefined)
    .flatMap((child) => alternatives(root, child, value));
}

function ownChildSchema(schema: JsonObject, key: string): JsonObject | undefined {
  const { properties, additionalProperties, prefixItems, items } = schema;
  const candidates = [
    isJsonObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined,
    Array.isArray(prefixItems) ? (prefixItems[Number(key)] as JsonValue | undefined) : undefined,
    additionalProperties,
    items,
  ];
  return candidates.find((candidate): candidate is JsonObject => isJsonObject(candidate));
}

/**
 * The members of a union (or the parts of an intersection), references followed. Of several maps those remain whose
 * constant keys (`kind: "adamw"`) are the value's, if there are any.
 */
function alternatives(root: JsonObject, schema: JsonObject, value: JsonValue | undefined): JsonObject[] {
  if (typeof schema.$ref === "string") {
    const target = referenced(root, schema.$ref);
    return target === undefined ? [] : alternatives(root, target, value);
  }
  const members = [schema.anyOf, schema.oneOf, schema.allOf].flat().filter((member) => isJsonObject(member));
  if (members.length === 0) return [schema];
  const all = members.flatMap((member) => alternatives(root, member, value));
  const fitting = all.filter((member) => fits(member, value));
  return fitting.length > 0 ? fitting : all;
}

function referenced(root: JsonObject, reference: string): JsonObject | undefined {
  const name = /^#\/\$defs\/(.+)$/.exec(reference)?.[1];
  if (name === undefined) return root;
  const target = isJsonObject(root.$defs) ? root.$defs[name] : undefined;
  return isJsonObject(target) ? target : undefined;
}

function fits({ properties }: JsonObject, value: JsonValue | undefined): boolean {
  if (!isJsonObject(properties) || !isJsonObject(value)) return true;
  return Object.entries(properties).every(
    ([key, property]) =>
      !isJsonObject(property) || property.const === undefined || property.const === value[key],
  );
}

function childValue(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (isJsonObject(value)) return Object.hasOwn(value, key) ? value[key] : undefined;
  return Array.isArray(value) ? (value[Number(key)] as JsonValue | undefined) : undefined;
}
