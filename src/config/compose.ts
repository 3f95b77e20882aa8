import { applyOverrides } from "./apply-overrides.ts";
import { type ConfigFiles, filesOnDisk, labelOf, layeredFiles } from "./config-files.ts";
import { type ConfigNode, childOf, isList, isMap, merge, wrap } from "./config-tree.ts";
import { expandDefaults } from "./expand-defaults.ts";
import type { JsonObject } from "./json.ts";
import { type KeyPath, parseKeyPath } from "./key-path.ts";
import { parseOverrides } from "./override.ts";
import { printValues } from "./print.ts";
import { resolveInterpolations } from "./resolve-interpolations.ts";
import type { Environment } from "./resolvers.ts";
import { refuseSweeps } from "./sweeps.ts";

/** A configuration put together from its folder and the overrides. */
export interface Composition {
  /** The whole configuration, interpolations resolved. */
  readonly values: JsonObject;
  /** The chosen file of each group, such as `{ model: "small" }`. */
  readonly choices: Readonly<Record<string, string>>;
  /** The overrides as they were typed. */
  readonly overrides: readonly string[];
  /** What set a key: `conf/model/small.yaml:4` or `override model.dropout=0.5`; undefined for an unknown key. */
  sourceOf(path: string | readonly (string | number)[]): string | undefined;
  /** The values as YAML. */
  print(): string;
}

export interface ComposeOptions {
  /** Name of the primary file in the folder, without `.yaml`. */
  readonly primary?: string | undefined;
  /** Overrides in Hydra's grammar, such as `model=small`, `training.epochs=3`, `+note=test`, `~optimizer`. */
  readonly overrides?: readonly string[] | undefined;
  /** Where `${oc.env:NAME}` looks. */
  readonly environment?: Environment | undefined;
  /** The command before the overrides (`havn train movie-reviews`), for messages that show what to type instead. */
  readonly command?: string | undefined;
  /** Reads the folder. */
  readonly files?: ConfigFiles | undefined;
  /** Another folder, for the groups and choices that the folder itself has not. */
  readonly shared?: string | undefined;
}

/**
 * Composes a folder of YAML files as Hydra does: the primary file's defaults list, then the overrides,
 * then the interpolations. Messages call a file by the folder as given, or by its last name where that is absolute.
 *
 * @throws {ConfigError} with every problem of the first stage that has any
 * @see https://hydra.cc/docs/advanced/defaults_list/
 */
export function compose(
  folder: string,
  {
    primary = "config",
    overrides = [],
    environment = process.env,
    command = "",
    files: own = filesOnDisk(folder),
    shared,
  }: ComposeOptions = {},
): Composition {
  const files = shared === undefined ? own : layeredFiles([own, filesOnDisk(shared)]);
  const isShared = (name: string) => own.read(name) === undefined && files.read(name) !== undefined;
  const label = (name: string) => labelOf(shared !== undefined && isShared(name) ? shared : folder, name);
  const parsed = parseOverrides(overrides);
  refuseSweeps(parsed, command);
  const expanded = expandDefaults(primary, parsed, files, label);
  const empty: ConfigNode = { place: label(primary), content: new Map() };
  const composed = expanded.files
    .map((placed) => wrap(placed.file.content, parseKeyPath(placed.package)))
    .reduce((below, above) => merge(below, above), empty);
  const tree = applyOverrides(composed, expanded.valueOverrides, files.groups());
  const values = resolveInterpolations(tree, environment);
  return {
    values,
    choices: expanded.choices,
    overrides: [...overrides],
    sourceOf: (path) => placeIn(tree, typeof path === "string" ? parseKeyPath(path) : path.map(String)),
    print: () => printValues(values),
  };
}

/** The place of the node at a path; what lies inside of an interpolated value was set where the interpolation stands. */
function placeIn(tree: ConfigNode, path: KeyPath): string | undefined {
  let node = tree;
  for (const key of path) {
    const child = childOf(node, key);
    if (child === undefined) return isMap(node) || isList(node) ? undefined : node.place;
    node = child;
  }
  return node.place;
}
