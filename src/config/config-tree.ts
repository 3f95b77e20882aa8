/** Configuration values of which each knows the place that set it. */
import { ConfigError } from "./config-error.ts";
import type { JsonValue } from "./json.ts";
import { formatKeyPath, type KeyPath } from "./key-path.ts";

export type Scalar = string | number | boolean | null;

export interface ConfigNode {
  /** `conf/model/small.yaml:4` or `override model.dropout=0.5`. */
  readonly place: string;
  readonly content: Scalar | readonly ConfigNode[] | ReadonlyMap<string, ConfigNode>;
}

export interface MapNode extends ConfigNode {
  readonly content: ReadonlyMap<string, ConfigNode>;
}

export interface ListNode extends ConfigNode {
  readonly content: readonly ConfigNode[];
}

export function isMap(node: ConfigNode | undefined): node is MapNode {
  return node?.content instanceof Map;
}

export function isList(node: ConfigNode | undefined): node is ListNode {
  return Array.isArray(node?.content);
}

/** The tree of a value that was set as a whole in one place. */
export function nodeOf(value: JsonValue, place: string): ConfigNode {
  if (typeof value !== "object" || value === null) return { place, content: value };
  if (Array.isArray(value)) return { place, content: value.map((item) => nodeOf(item, place)) };
  return { place, content: new Map(Object.entries(value).map(([key, item]) => [key, nodeOf(item, place)])) };
}

/** The values alone, interpolations unresolved. */
export function plainValue({ content }: ConfigNode): JsonValue {
  if (typeof content !== "object" || content === null) return content;
  if (content instanceof Map)
    return Object.fromEntries([...content].map(([key, node]) => [key, plainValue(node)]));
  return [...content.values()].map(plainValue);
}

export function childOf(node: ConfigNode | undefined, key: string): ConfigNode | undefined {
  if (isMap(node)) return node.content.get(key);
  return isList(node) && /^(0|[1-9]\d*)$/.test(key) ? node.content[Number(key)] : undefined;
}

export function select(root: ConfigNode, path: KeyPath): ConfigNode | undefined {
  return path.reduce<ConfigNode | undefined>(childOf, root);
}

/** Wraps a node into the maps that lead to it: `model.encoder` around `{layers: 2}`. */
export function wrap(node: ConfigNode, path: KeyPath): ConfigNode {
  return path.reduceRight<ConfigNode>(
    (inner, key) => ({ place: node.place, content: new Map([[key, inner]]) }),
    node,
  );
}

/**
 * Lays one tree over another as Hydra does: maps are combined key by key, everything else is replaced.
 *
 * @throws {ConfigError} where a list meets a map, since neither can continue the other
 */
export function merge(below: ConfigNode | undefined, above: ConfigNode, path: KeyPath = []): ConfigNode {
  if (isMap(below) && isMap(above)) {
    const combined = new Map(below.content);
    for (const [key, node] of above.content)
      combined.set(key, merge(combined.get(key), node, [...path, key]));
    return { place: below.place, content: combined };
  }
  if ((isMap(below) && isList(above)) || (isList(below) && isMap(above)))
    throw shapesDiffer(below, above, path);
  return above;
}

/**
 * Merges a node in at a path. Keys on the way that do not exist, or hold no keys, are made.
 *
 * @throws {ConfigError} when an index lies outside of its list, or a list meets a map
 */
export function mergeAt(
  root: ConfigNode | undefined,
  path: KeyPath,
  above: ConfigNode,
  walked: KeyPath = [],
): ConfigNode {
  const [key, ...rest] = path;
  if (key === undefined) return merge(root, above, walked);
  if (!isMap(root) && !isList(root)) return wrap(above, path);
  const child = childOf(root, key);
  if (isList(root) && child === undefined) throw noSuchIndex(root, key, walked, above.place);
  return replaceChild(root, key, mergeAt(child, rest, above, [...walked, key]));
}

/** Takes out what stands at a path, which must exist. */
export function removeAt(root: ConfigNode, path: KeyPath): ConfigNode {
  const [key, ...rest] = path;
  const child = key === undefined ? undefined : childOf(root, key);
  if (key === undefined || child === undefined || (!isMap(root) && !isList(root))) return root;
  return replaceChild(root, key, rest.length === 0 ? undefined : removeAt(child, rest));
}

function replaceChild(parent: MapNode | ListNode, key: string, child: ConfigNode | undefined): ConfigNode {
  if (isList(parent)) {
    const items = [...parent.content];
    items.splice(Number(key), 1, ...(child === undefined ? [] : [child]));
    return { ...parent, content: items };
  }
  const entries = new Map(parent.content);
  if (child === undefined) entries.delete(key);
  else entries.set(key, child);
  return { ...parent, content: entries };
}

/** Every path in the tree but the root's, parents before their children. */
export function pathsOf(node: ConfigNode, prefix: KeyPath = []): KeyPath[] {
  const children = isMap(node) ? [...node.content] : isList(node) ? [...node.content.entries()] : [];
  return children.flatMap(([key, child]) => {
    const path = [...prefix, String(key)];
    return [path, ...pathsOf(child, path)];
  });
}

function shapesDiffer(below: ConfigNode, above: ConfigNode, path: KeyPath): ConfigError {
  const [expected, got] = isMap(below) ? ["keys", "a list"] : ["a list", "keys"];
  const name = formatKeyPath(path);
  const message = `${name} must hold ${expected} as in ${below.place}, got ${got}`;
  return new ConfigError([{ code: "invalid-value", path: name, place: above.place, expected, got, message }]);
}

function noSuchIndex(list: ListNode, key: string, path: KeyPath, place: string): ConfigError {
  const name = formatKeyPath([...path, key]);
  const items = `${list.content.length} item${list.content.length === 1 ? "" : "s"}`;
  const message = `${name} does not exist: ${formatKeyPath(path)} is a list of ${items}; to change its length, set it as a whole`;
  return new ConfigError([{ code: "unknown-key", path: name, place, expected: items, got: key, message }]);
}
