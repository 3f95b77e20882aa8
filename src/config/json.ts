/** What a configuration can hold once it is composed; numbers may also be infinite or NaN. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path within a value; undefined where there is nothing. */
export function selectValue(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((inner, key) => {
    if (isJsonObject(inner)) return Object.hasOwn(inner, key) ? inner[key] : undefined;
    return Array.isArray(inner) && /^(0|[1-9]\d*)$/.test(key) ? (inner[Number(key)] as JsonValue) : undefined;
  }, value);
}
