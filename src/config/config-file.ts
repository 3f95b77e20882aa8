/** One YAML file of a configuration, with the line of every value. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
  type Scalar as YamlScalar,
} from "yaml";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import type { ConfigNode, MapNode } from "./config-tree.ts";

export interface ConfigFile {
  /** Package of a `# @package` header. */
  readonly package: string | undefined;
  /** The defaults list as it stands. */
  readonly defaults: ConfigNode | undefined;
  /** All other keys. */
  readonly content: MapNode;
}

/**
 * Reads a file by YAML 1.2's core schema, with merge keys (`<<`) as PyYAML has them.
 *
 * @param label how messages call the file
 * @throws {ConfigError} with file, line and column of each mistake
 */
export function parseConfigFile(text: string, label: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const mistakes = [...document.errors, ...document.warnings];
  if (mistakes.length > 0)
    throw new ConfigError(mistakes.map((mistake) => syntaxProblem(mistake, text, lines, label)));

  const root = document.contents === null ? undefined : document.contents;
  if (root !== undefined && !isMap(root) && !(isScalar(root) && root.value === null)) {
    const got = isSeq(root) ? "a list" : "a single value";
    throw new ConfigError([
      {
        code: "syntax",
        place: label,
        expected: "keys",
        got,
        message: `must hold keys with values, got ${got}`,
      },
    ]);
  }
  const entries = new Map(isMap(root) ? entriesOf(root, { document, lines, label, within: [] }) : []);
  const defaults = entries.get("defaults");
  entries.delete("defaults");
  return { package: packageHeader(text), defaults, content: { place: label, content: entries } };
}

interface Reading {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly label: string;
  /** Collections around the node, so that an alias to one of them is seen. */
  readonly within: readonly Node[];
}

function toNode(node: Node | null | undefined, place: string, reading: Reading): ConfigNode {
  if (isAlias(node)) {
    const target = node.resolve(reading.document);
    if (target === undefined)
      throw problemAt(place, `*${node.source} names no anchor &${node.source} above it`);
    if (reading.within.includes(target)) throw problemAt(place, `*${node.source} contains itself`);
    return toNode(target, place, reading);
  }
  if (isMap(node)) return { place, content: entriesOf(node, reading) };
  if (isSeq<Node>(node)) {
    const inside = { ...reading, within: [...reading.within, node] };
    return {
      place,
      content: node.items.map((item) => toNode(item, placeOf(item, reading) ?? place, inside)),
    };
  }
  return { place, content: isScalar(node) ? scalarOf(node, place) : null };
}

function entriesOf(map: YAMLMap, reading: Reading): Map<string, ConfigNode> {
  const inside = { ...reading, within: [...reading.within, map] };
  const pairs = map.items as Pair<Node, Node | null>[];
  const own = new Map<string, ConfigNode>();
  const inherited = new Map<string, ConfigNode>();
  for (const { key, value } of pairs) {
    const place = placeOf(key, reading) ?? reading.label;
    if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") {
      for (const [name, node] of mergedEntries(value, place, inside))
        if (!inherited.has(name)) inherited.set(name, node);
      continue;
    }
    if (!isScalar(key) || key.value === null) throw problemAt(place, "a key must be a word or a number");
    own.set(
      typeof key.value === "string" ? key.value : (key.source ?? String(key.value)),
      toNode(value, place, inside),
    );
  }
  return new Map([...inherited, ...own]);
}

/** Entries of `<<: *anchor` or `<<: [*first, *second]`; the first that has a key wins. */
function mergedEntries(value: Node | null, place: string, reading: Reading): [string, ConfigNode][] {
  const node = toNode(value, place, reading);
  const sources = Array.isArray(node.content) ? (node.content as readonly ConfigNode[]) : [node];
  return sources.flatMap(({ content }) => {
    if (!(content instanceof Map)) throw problemAt(place, "<< must name a map, such as <<: *defaults");
    return [...content];
  });
}

function scalarOf(scalar: YamlScalar, place: string): string | number | boolean | null {
  const { value, source } = scalar;
  if (typeof value === "number" && /^[-+]?\d+$/.test(source ?? "") && !Number.isSafeInteger(value))
    throw problemAt(place, `${source} is too large to be held exactly; quote it to keep it as text`);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

function placeOf(node: Node | null | undefined, { lines, label }: Reading): string | undefined {
  return node?.range ? `${label}:${lines.linePos(node.range[0]).line}` : undefined;
}

function problemAt(place: string, message: string): ConfigError {
  return new ConfigError([{ code: "syntax", place, message }]);
}

function syntaxProblem(
  { code, message, pos }: YAMLError,
  text: string,
  lines: LineCounter,
  label: string,
): ConfigProblem {
  // The parser reports a mistake at the end of a file on the line after the last one.
  const { line, col } = lines.linePos(Math.min(pos[0], text.trimEnd().length));
  const quoted = text.split(/\r?\n/)[line - 1] ?? "";
  const said =
    code === "DUPLICATE_KEY" ? "this key is given twice" : message.charAt(0).toLowerCase() + message.slice(1);
  return {
    code: "syntax",
    place: `${label}:${line}:${col}`,
    got: quoted,
    message: `${said}\n    ${quoted}\n    ${" ".repeat(Math.max(0, col - 1))}^`,
  };
}

/** `# @package NAME` among the comments at the top of a file. */
function packageHeader(text: string): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() !== "" && !line.trimStart().startsWith("#")) return undefined;
    const header = /^\s*#\s*@package\s+(\S+)\s*$/.exec(line);
    if (header) return header[1];
  }
  return undefined;
}
