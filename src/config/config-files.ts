import { readdirSync, readFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";

/** The YAML files of one configuration folder, read by their name inside of it. */
export interface ConfigFiles {
  /** Text of `model/small` (for `model/small.yaml`); undefined where there is none. */
  read(name: string): string | undefined;
  /** Names of the choices in a group, sorted; undefined where there is no such group. */
  choices(group: string): string[] | undefined;
  /** All groups, groups within groups as `db/engine`, sorted. */
  groups(): string[];
}

/** The files of a folder on disk. Names that lead out of the folder count as absent. */
export function filesOnDisk(folder: string): ConfigFiles {
  return {
    read: (name) =>
      leadsOut(name) ? undefined : unlessAbsent(() => readFileSync(join(folder, `${name}.yaml`), "utf8")),
    choices: (group) =>
      leadsOut(group)
        ? undefined
        : unlessAbsent(() => readdirSync(join(folder, group)))
            ?.filter((file) => file.endsWith(".yaml"))
            .map((file) => file.slice(0, -".yaml".length))
            .sort(),
    groups: () => (unlessAbsent(() => groupsUnder(folder, "")) ?? []).sort(),
  };
}

/** Files of several folders as one, as Hydra's search path does: the first that has a name gives it. */
export function layeredFiles(layers: readonly ConfigFiles[]): ConfigFiles {
  const union = (lists: readonly (readonly string[])[]) => [...new Set(lists.flat())].sort();
  return {
    read(name) {
      for (const layer of layers) {
        const text = layer.read(name);
        if (text !== undefined) return text;
      }
      return undefined;
    },
    choices(group) {
      const known = layers.flatMap((layer) => layer.choices(group) ?? []);
      return layers.some((layer) => layer.choices(group) !== undefined) ? union([known]) : undefined;
    },
    groups: () => union(layers.map((layer) => layer.groups())),
  };
}

/** The groups of a folder, sorted: `["model", "optimizer", "training"]`; groups within groups as `db/engine`. */
export function groupsOf(folder: string): string[] {
  return filesOnDisk(folder).groups();
}

/**
 * The files a group can be chosen from, sorted: `choicesOf("conf", "model")` gives `["distilbert-base", "small"]`.
 * A group that does not exist has no choices.
 */
export function choicesOf(folder: string, group: string): string[] {
  return filesOnDisk(folder).choices(group) ?? [];
}

/** How messages call a file: under the folder as it was given, or its last name where that is an absolute path. */
export function labelOf(folder: string, name: string): string {
  const shown = isAbsolute(folder)
    ? basename(folder)
    : folder.replaceAll("\\", "/").replace(/^\.\/|\/$/g, "");
  return `${shown}/${name}.yaml`;
}

function groupsUnder(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [prefix + name, ...groupsUnder(folder, `${prefix}${name}/`)]);
}

function leadsOut(name: string): boolean {
  return isAbsolute(name) || name.split(/[/\\]/).includes("..");
}

function unlessAbsent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code)))
      return undefined;
    throw error;
  }
}
