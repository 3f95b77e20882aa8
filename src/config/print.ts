import { stringify } from "yaml";
import type { JsonObject } from "./json.ts";

/** Values as YAML: what its 1.2 core schema reads back as the same, and texts that 1.1 (PyYAML) reads as texts too. */
export function printValues(values: JsonObject): string {
  return stringify(values, { aliasDuplicateObjects: false, compat: "yaml-1.1", lineWidth: 0 });
}
