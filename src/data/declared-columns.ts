import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import type { DeclaredColumns } from "./table-row.ts";

const inputSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  get anyOf() {
    return z.array(inputSchema).optional();
  },
});
const rowSchema = z.looseObject({
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), inputSchema).default({}),
});

/** The columns a row schema declares, found through its JSON Schema; none where it is not of an object. */
export function declaredColumns(schema: z.ZodType): DeclaredColumns {
  const { required, properties } = rowSchema.parse(
    z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }),
  );
  const types = new Map<string, Set<string>>();
  for (const [column, property] of Object.entries(properties)) {
    const accepted = [property, ...(property.anyOf ?? [])].flatMap(({ type }) => type ?? []);
    if (accepted.length > 0) types.set(column, new Set(accepted));
  }
  return { required, types };
}

/** Says which required columns are missing and what there is instead; undefined when none is. */
export function missingColumns(
  { required }: DeclaredColumns,
  present: readonly string[],
): string | undefined {
  const missing = required.filter((column) => !present.includes(column));
  if (missing.length === 0) return undefined;
  const spare = present.filter((column) => !required.includes(column));
  const nearest = nearestName(missing[0]!, spare);
  const hint = nearest === undefined ? "" : `; should ${nearest} be ${missing[0]}?`;
  const found = present.length === 0 ? "nothing" : present.join(", ");
  return `must have the column${missing.length > 1 ? "s" : ""} ${missing.join(", ")}, got ${found}${hint}`;
}

/** The name most like `wanted`, unless more than half of it is different. */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const nearest = closest(wanted, names);
  return distance(wanted, nearest) <= wanted.length / 2 ? nearest : undefined;
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/**
 * The value of a text cell as its column's type: text stays text where the schema takes it; "12" becomes a number,
 * "true" a boolean where only those are taken; an empty cell is null or absent where text is not taken.
 */
export function cellValue(cell: string, types: ReadonlySet<string> | undefined): unknown {
  if (types === undefined) return cell;
  if (cell === "" && types.has("null")) return null;
  if (types.has("string")) return cell;
  if (cell === "") return undefined;
  if ((types.has("number") || types.has("integer")) && NUMBER.test(cell)) return Number(cell);
  if (types.has("boolean") && /^(true|false)$/i.test(cell)) return cell.toLowerCase() === "true";
  return cell;
}
