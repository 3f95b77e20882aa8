/** Overrides of values, applied in the order in which they were typed. */
import { isDeepStrictEqual } from "node:util";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import {
  type ConfigNode,
  isList,
  isMap,
  mergeAt,
  nodeOf,
  pathsOf,
  plainValue,
  removeAt,
  select,
} from "./config-tree.ts";
import { isJsonObject, type JsonValue } from "./json.ts";
import { formatKeyPath, type KeyPath, parseKeyPath } from "./key-path.ts";
import { nearest, suggestion } from "./nearest.ts";
import { keyOf, type Override } from "./override.ts";

/**
 * Applies overrides that name values: `key=value` for a key that exists, `+key=value` for one that does not,
 * `++key=value` for either, `~key` to take one out.
 *
 * @param groups names of the groups, one of which a mistyped key may mean
 * @throws {ConfigError} with every override that fits nothing
 */
export function applyOverrides(
  root: ConfigNode,
  overrides: readonly Override[],
  groups: readonly string[],
): ConfigNode {
  const problems: ConfigProblem[] = [];
  let tree = root;
  for (const override of overrides) {
    try {
      tree = apply(tree, override, groups);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return tree;
}

function apply(tree: ConfigNode, override: Override, groups: readonly string[]): ConfigNode {
  const { action, typed, key } = override;
  if (override.package !== undefined || key.includes("/")) throw noGroup(override, groups);
  const path = parseKeyPath(key);
  const existing = select(tree, path);
  const value = override.value?.kind === "single" ? override.value.value : undefined;
  if (action === "delete") return remove(tree, override, path, value);
  const above = nodeOf(value ?? null, placeOf(override));
  if (action === "change") requireKeys(tree, path, above, override, groups);
  else if (action === "add" && existing !== undefined && existing.content !== null && !isContainer(value)) {
    const message = `${key} exists already, as ${shown(existing)} from ${existing.place}; to change it, type ${typed.slice(1)}`;
    throw failure("existing-key", override, message);
  }
  return mergeAt(tree, path, above);
}

function remove(
  tree: ConfigNode,
  override: Override,
  path: KeyPath,
  value: JsonValue | undefined,
): ConfigNode {
  const existing = select(tree, path);
  if (existing === undefined) throw unknownKey(tree, path, override, []);
  if (value !== undefined && !isDeepStrictEqual(plainValue(existing), value)) {
    const message = `${override.key} is ${shown(existing)}, set by ${existing.place}, so this removes nothing`;
    throw failure("existing-key", override, message);
  }
  return removeAt(tree, path);
}

/** A change may only set keys that exist, in maps given as a value too. */
function requireKeys(
  tree: ConfigNode,
  path: KeyPath,
  above: ConfigNode,
  override: Override,
  groups: readonly string[],
): void {
  const existing = select(tree, path);
  if (existing === undefined) throw unknownKey(tree, path, override, groups);
  if (!isMap(existing) || !isMap(above)) return;
  for (const [key, child] of above.content) requireKeys(tree, [...path, key], child, override, groups);
}

function unknownKey(
  tree: ConfigNode,
  path: KeyPath,
  override: Override,
  groups: readonly string[],
): ConfigError {
  const name = formatKeyPath(path);
  const parent = select(tree, path.slice(0, -1));
  // An index beyond the end of a list has its own words.
  if (isList(parent)) mergeAt(tree, path, { place: placeOf(override), content: null });
  const candidate = likelyMeant(path, pathsOf(tree), groups);
  const isWhole = name === formatKeyPath(parseKeyPath(override.key));
  const meant =
    isWhole && candidate !== undefined ? override.typed.replace(override.key, candidate) : candidate;
  const siblings = isMap(parent)
    ? [...parent.content.keys()].map((key) => formatKeyPath([...path.slice(0, -1), key]))
    : [];
  const known = siblings.length === 0 ? "" : `; known are ${siblings.join(", ")}`;
  const hint = meant === undefined ? known : `; did you mean ${meant}?`;
  const stop = meant === undefined ? "." : "";
  const addition = override.action === "change" ? `${stop} To add it, type +${override.typed}` : "";
  return failure("unknown-key", override, `${name} is unknown${hint}${addition}`, {
    path: name,
    nearest: candidate,
  });
}

/** The known key that looks most like it, or the one that ends alike: `training.epochs` for `epochs`. */
function likelyMeant(
  path: KeyPath,
  known: readonly KeyPath[],
  groups: readonly string[],
): string | undefined {
  const alike = nearest(formatKeyPath(path), [...known.map(formatKeyPath), ...groups]);
  if (alike !== undefined) return alike;
  const [sameEnd, another] = known.filter((other) => other.at(-1) === path.at(-1));
  return sameEnd === undefined || another !== undefined ? undefined : formatKeyPath(sameEnd);
}

function noGroup(override: Override, groups: readonly string[]): ConfigError {
  const { key } = override;
  const candidate = nearest(key, groups);
  return failure("unknown-key", override, `${key} is not a group${suggestion(key, groups)}`, {
    nearest: candidate,
  });
}

function failure(
  code: ConfigProblem["code"],
  override: Override,
  message: string,
  more: Partial<ConfigProblem> = {},
): ConfigError {
  return new ConfigError([
    { code, path: override.key, place: placeOf(override), got: keyOf(override), message, ...more },
  ]);
}

function placeOf({ typed }: Override): string {
  return `override ${typed}`;
}

function isContainer(value: JsonValue | undefined): boolean {
  return isJsonObject(value) || Array.isArray(value);
}

function shown(node: ConfigNode): string {
  return JSON.stringify(plainValue(node));
}
