/** The defaults list at the head of a configuration file. */
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type ConfigNode, isList, isMap } from "./config-tree.ts";

export type DefaultsEntry = SelfEntry | FileEntry | GroupEntry;

/** `_self_`: where the file's own keys stand among the others. */
export interface SelfEntry {
  readonly kind: "self";
}

/** `- base`, `- /db/mysql@backup`: a file that cannot be overridden. */
export interface FileEntry {
  readonly kind: "file";
  readonly path: string;
  readonly package: string | undefined;
  readonly optional: boolean;
  readonly place: string;
}

/** `- db: mysql`, `- optional db@backup: mysql`, `- override /db: mysql`, `- db: [mysql, cache]`. */
export interface GroupEntry {
  readonly kind: "group";
  readonly group: string;
  readonly choice: string | readonly string[] | null;
  readonly package: string | undefined;
  readonly optional: boolean;
  readonly override: boolean;
  readonly place: string;
}

/**
 * Reads a defaults list; a list that does not say where `_self_` stands has it at the end.
 *
 * @see https://hydra.cc/docs/advanced/defaults_list/
 * @throws {ConfigError} with every entry that is not one
 */
export function parseDefaults(node: ConfigNode | undefined): DefaultsEntry[] {
  if (node === undefined) return [{ kind: "self" }];
  if (!isList(node))
    throw new ConfigError([problem(node.place, "defaults must be a list, such as [_self_, model: small]")]);
  const problems: ConfigProblem[] = [];
  const entries = node.content.flatMap((item) => {
    const entry = parseEntry(item);
    if ("code" in entry) problems.push(entry);
    return "code" in entry ? [] : [entry];
  });
  problems.push(...misplaced(entries, node.place));
  if (problems.length > 0) throw new ConfigError(problems);
  return entries.some(({ kind }) => kind === "self") ? entries : [...entries, { kind: "self" }];
}

function parseEntry(node: ConfigNode): DefaultsEntry | ConfigProblem {
  const { content, place } = node;
  if (content === "_self_") return { kind: "self" };
  if (typeof content === "string") {
    const { name, package: home } = splitPackage(content);
    return { kind: "file", path: withoutExtension(name), package: home, optional: false, place };
  }
  const [pair, ...more] = isMap(node) ? [...node.content] : [];
  if (pair === undefined || more.length > 0)
    return problem(
      place,
      "an entry of defaults must be a file (- base) or one group with its choice (- model: small)",
    );
  return groupEntry(pair[0], pair[1], place);
}

function groupEntry(key: string, { content }: ConfigNode, place: string): GroupEntry | ConfigProblem {
  const words = key.trim().split(/\s+/);
  const { name: group, package: home } = splitPackage(words.pop()!);
  const stranger = words.find((word) => word !== "optional" && word !== "override");
  if (stranger !== undefined) return problem(place, `${stranger} must be optional or override, in "${key}"`);
  const choice = choiceOf(content);
  if (choice === undefined || group === "")
    return problem(place, `${group || "a group"} must be set to the name of a file, a list of names or null`);
  const [optional, override] = [words.includes("optional"), words.includes("override")];
  return { kind: "group", group, choice, package: home, optional, override, place };
}

function choiceOf(content: ConfigNode["content"]): GroupEntry["choice"] | undefined {
  if (content === null) return null;
  if (typeof content === "string") return withoutExtension(content);
  if (!Array.isArray(content)) return undefined;
  const names = (content as readonly ConfigNode[]).map((item) => item.content);
  return names.every((name) => typeof name === "string") ? names.map(withoutExtension) : undefined;
}

function splitPackage(text: string): { name: string; package: string | undefined } {
  const at = text.indexOf("@");
  return at < 0
    ? { name: text, package: undefined }
    : { name: text.slice(0, at), package: text.slice(at + 1) };
}

function withoutExtension(name: string): string {
  return name.endsWith(".yaml") ? name.slice(0, -".yaml".length) : name;
}

function misplaced(entries: readonly DefaultsEntry[], place: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (entries.filter(({ kind }) => kind === "self").length > 1)
    problems.push(problem(place, "defaults must hold _self_ only once"));
  let override: GroupEntry | undefined;
  for (const entry of entries) {
    if (entry.kind === "group" && entry.override) override = entry;
    else if (override && entry.kind !== "self")
      problems.push(
        problem(
          entry.place,
          `this entry must stand before "override ${override.group}": overrides come last`,
        ),
      );
  }
  return problems;
}

function problem(place: string, message: string): ConfigProblem {
  return { code: "defaults", place, message };
}
