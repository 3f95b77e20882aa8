/** Paths that a person typed as overrides: relative to where they were typed. */
import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { type Composition, type JsonValue, quote } from "../config/index.ts";

/** Keys of a configuration whose values are paths. */
export interface PathKeys {
  /** Always a file. */
  readonly files: readonly string[];
  /** Key of the folder in which the files lie that are not typed: the project's folder unless given. */
  readonly filesIn?: string;
  /** A folder, or something else such as the name of a model on a hub. */
  readonly folders: readonly string[];
}

export interface PathPlaces {
  /** Where the overrides were typed. */
  readonly workingFolder: string;
  /** Where the paths of the configuration's own files start. */
  readonly projectFolder: string;
}

/**
 * The overrides of a composition with relative paths made absolute, so that they mean the same from everywhere. A
 * path is taken from the working folder; only where there is no such file is it left to the project's folder, or to that
 * of its data.
 */
export function absolutePaths(
  { values, overrides, sourceOf }: Pick<Composition, "values" | "overrides" | "sourceOf">,
  { files, filesIn, folders }: PathKeys,
  { workingFolder, projectFolder }: PathPlaces,
): readonly string[] {
  const dataFolder = filesIn === undefined ? undefined : valueAt(values, filesIn);
  const home = resolve(projectFolder, typeof dataFolder === "string" ? dataFolder : "");
  const absolute = [...files, ...folders].flatMap((key) => {
    const path = valueAt(values, key);
    if (typeof path !== "string" || isAbsolute(path) || !sourceOf(key)?.startsWith("override ")) return [];
    const typed = resolve(workingFolder, path);
    // A file that is nowhere is missed where it was typed.
    const isMeant = existsSync(typed) || (files.includes(key) && !existsSync(resolve(home, path)));
    return isMeant ? [{ key, typed }] : [];
  });
  const isReplaced = (override: string) => absolute.some(({ key }) => override.startsWith(`${key}=`));
  return [
    ...overrides.filter((override) => !isReplaced(override)),
    ...absolute.map(({ key, typed }) => `${key}=${quote(typed)}`),
  ];
}

const valueAt = (values: JsonValue, key: string): JsonValue | undefined =>
  key
    .split(".")
    .reduce<JsonValue | undefined>(
      (value, step) =>
        typeof value === "object" && value !== null && !Array.isArray(value)
          ? (value as Readonly<Record<string, JsonValue>>)[step]
          : undefined,
      values,
    );
