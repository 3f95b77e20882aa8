/** From the primary file's defaults list to the files of a configuration, in the order in which they are merged. */
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type ConfigFile, parseConfigFile } from "./config-file.ts";
import type { ConfigFiles } from "./config-files.ts";
import { type FileEntry, type GroupEntry, parseDefaults } from "./defaults-list.ts";
import { GroupOverrides } from "./group-overrides.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Override } from "./override.ts";
import { dotted, headerPackage, packageName } from "./package-name.ts";

/** A file whose keys are merged into a package. */
export interface PlacedFile {
  readonly file: ConfigFile;
  readonly package: string;
}

export interface ExpandedDefaults {
  /** The first is merged first, the last wins. */
  readonly files: readonly PlacedFile[];
  /** Group (with its package, where that is not the group's own) and the name that was chosen. */
  readonly choices: Readonly<Record<string, string>>;
  /** The overrides that are left to be applied to values. */
  readonly valueOverrides: readonly Override[];
}

/**
 * Walks the tree of defaults lists as Hydra does: each list from its end, so that an `override` in a later file
 * reaches the groups named before it.
 *
 * @param label how messages call a file
 * @throws {ConfigError} with all problems of the defaults lists and of the overrides that choose from groups
 */
export function expandDefaults(
  primary: string,
  overrides: readonly Override[],
  files: ConfigFiles,
  label: (name: string) => string,
): ExpandedDefaults {
  const text = files.read(primary);
  if (text === undefined) throw noPrimary(primary, files, label);
  const groups = new GroupOverrides(overrides, files);
  const walk: Walk = { groups, files, label, problems: [], known: new Map(), choices: new Map() };
  const file = parseConfigFile(text, label(primary));
  const home = packageName("", headerPackage(file.package), "", "");
  const placed = walkList(
    file,
    groups.added,
    { group: "", package: home, late: false, trail: [primary] },
    walk,
  );

  if (walk.problems.length === 0) walk.problems.push(...groups.unused(walk.known));
  if (walk.problems.length > 0) throw new ConfigError(walk.problems.sort(byPlace));
  const choices = [...walk.choices].sort(([one], [other]) => (one < other ? -1 : 1));
  return { files: placed, choices: Object.fromEntries(choices), valueOverrides: groups.values };
}

/** What is common to the whole walk. */
interface Walk {
  readonly groups: GroupOverrides;
  readonly files: ConfigFiles;
  readonly label: (name: string) => string;
  readonly problems: ConfigProblem[];
  /** Every group that was met, and the entry that chose from it. */
  readonly known: Map<string, GroupEntry>;
  /** The groups of which a file was taken. */
  readonly choices: Map<string, string>;
}

/** The file whose defaults list is being walked. */
interface Parent {
  readonly group: string;
  readonly package: string;
  /** Whether its name depended on the choices of other groups; then it comes too late to override them. */
  readonly late: boolean;
  /** The files from the primary one down to this one. */
  readonly trail: readonly string[];
}

/** The files of one defaults list, the file's own keys at `_self_`. */
function walkList(file: ConfigFile, added: readonly GroupEntry[], parent: Parent, walk: Walk): PlacedFile[] {
  const entries = [...parseDefaults(file.defaults), ...added];
  for (const entry of entries) if (entry.kind === "group" && entry.override) takeUp(entry, parent, walk);

  const placed: PlacedFile[][] = [];
  const late: [number, FileEntry | GroupEntry][] = [];
  for (const [index, listed] of [...entries.entries()].reverse()) {
    if (listed.kind === "self") placed[index] = [{ file, package: parent.package }];
    else if (listed.kind === "file" || !listed.override) {
      const entry = listed.kind === "group" ? walk.groups.applyTo(keyOf(listed, parent), listed) : listed;
      if (isInterpolated(entry)) late.push([index, entry]);
      else placed[index] = walkEntry(entry, parent, walk);
    }
  }
  // Names that depend on the choices of other groups wait until those are made.
  for (const [index, entry] of late) {
    const interpolated = interpolate(entry, walk);
    placed[index] = interpolated ? walkEntry(interpolated, { ...parent, late: true }, walk) : [];
  }
  return placed.flat();
}

function walkEntry(entry: FileEntry | GroupEntry, parent: Parent, walk: Walk): PlacedFile[] {
  if (entry.kind === "group") return walkGroup(entry, parent, walk);
  const name = pathOf(entry.path, parent);
  return walkFile({ ...entry, name, group: folderOf(entry.path), groupPath: folderOf(name) }, parent, walk);
}

function walkGroup(entry: GroupEntry, parent: Parent, walk: Walk): PlacedFile[] {
  const { choice } = entry;
  const key = keyOf(entry, parent);
  const groupPath = pathOf(entry.group, parent);
  if (choice === null || typeof choice === "string") {
    if (walk.groups.isDeleted(key, choice)) return [];
    const other = walk.known.get(key);
    if (other !== undefined && other.choice !== choice) {
      walk.problems.push(chosenTwice(key, entry, other));
      return [];
    }
    walk.known.set(key, entry);
  }
  if (choice === "???") {
    walk.problems.push(notChosen(key, entry, walk.files.choices(groupPath) ?? []));
    return [];
  }
  const names = choice === null ? [] : [choice].flat();
  const placed = names.flatMap((name) =>
    walkFile({ ...entry, groupPath, name: `${groupPath}/${name}`, key }, parent, walk),
  );
  if (placed.length > 0) walk.choices.set(key, typeof choice === "string" ? choice : `[${names.join(",")}]`);
  return placed;
}

/** A file to be read. */
interface Wanted {
  /** From the root of the folder: `db/engine/innodb`. */
  readonly name: string;
  /** As the defaults list writes it. */
  readonly group: string;
  /** From the root of the folder. */
  readonly groupPath: string;
  readonly package: string | undefined;
  readonly optional: boolean;
  readonly place: string;
  /** Key of the group that it was chosen from. */
  readonly key?: string;
}

function walkFile(wanted: Wanted, parent: Parent, walk: Walk): PlacedFile[] {
  const text = walk.files.read(wanted.name);
  if (text === undefined) {
    if (!wanted.optional) walk.problems.push(absent(wanted, walk));
    return [];
  }
  if (parent.trail.includes(wanted.name)) {
    const message = `the defaults lists run in a circle: ${[...parent.trail, wanted.name].join(" -> ")}`;
    walk.problems.push({ code: "defaults", place: wanted.place, message });
    return [];
  }
  return collecting(walk.problems, () => {
    const file = parseConfigFile(text, walk.label(wanted.name));
    const own = wanted.package ?? headerPackage(file.package);
    const home = packageName(parent.package, own, wanted.group, wanted.groupPath);
    const trail = [...parent.trail, wanted.name];
    return walkList(file, [], { group: wanted.groupPath, package: home, late: parent.late, trail }, walk);
  });
}

/** Takes up an `override` entry. */
function takeUp(entry: GroupEntry, parent: Parent, walk: Walk): void {
  if (parent.late) {
    const message = `override ${entry.group} comes too late, since this file's own name depends on other choices`;
    walk.problems.push({ code: "defaults", place: entry.place, message });
  } else walk.groups.suggest(keyOf(entry, parent), entry);
}

/** The name of a group in overrides: with its package, where that is not the group's own. */
function keyOf({ group, package: own }: GroupEntry, parent: Parent): string {
  const path = pathOf(group, parent);
  const home = packageName(parent.package, own, group, path);
  return home === dotted(path) ? path : `${path}@${home === "" ? "_global_" : home}`;
}

/** A path of a defaults list from the root of the folder; `/db` is one already. */
function pathOf(path: string, parent: Parent): string {
  if (path.startsWith("/")) return path.slice(1);
  return parent.group === "" ? path : `${parent.group}/${path}`;
}

function folderOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}

function isInterpolated(entry: FileEntry | GroupEntry): boolean {
  const name = entry.kind === "file" ? entry.path : entry.choice;
  return typeof name === "string" && name.includes("${");
}

/** Replaces `${group}` in the name of a file by the choice of that group. */
function interpolate(entry: FileEntry | GroupEntry, walk: Walk): FileEntry | GroupEntry | undefined {
  const missing: string[] = [];
  const fill = (name: string) =>
    name.replaceAll(/\$\{([^}]*)\}/g, (_, key: string) => {
      const choice = walk.known.get(key)?.choice;
      if (typeof choice !== "string") missing.push(key);
      return String(choice);
    });
  const filled =
    entry.kind === "file"
      ? { ...entry, path: fill(entry.path) }
      : { ...entry, choice: fill(String(entry.choice)) };
  for (const key of missing) {
    const message = `\${${key}} is not the choice of a group${suggestion(key, [...walk.known.keys()].sort())}`;
    walk.problems.push({ code: "interpolation", place: entry.place, message });
  }
  return missing.length === 0 ? filled : undefined;
}

function chosenTwice(key: string, entry: GroupEntry, other: GroupEntry): ConfigProblem {
  const typed = [entry, other].find(({ place }) => place.startsWith("override "));
  const { choice, place } = typed ?? entry;
  const change = typed === undefined ? `write "override ${key}: ${choice}"` : `type ${key}=${choice}`;
  const message = `${key} is chosen twice; to change the choice of the defaults list, ${change}`;
  return { code: "defaults", path: key, place, message };
}

function notChosen(key: string, { place }: GroupEntry, choices: readonly string[]): ConfigProblem {
  const expected = choices.join(", ");
  const message = `${key} must be chosen: type ${key}=NAME with one of ${expected}`;
  return { code: "missing-value", path: key, place, expected, message };
}

function absent({ name, place, key }: Wanted, walk: Walk): ConfigProblem {
  const group = folderOf(name);
  const got = name.slice(group === "" ? 0 : group.length + 1);
  const known = walk.files.choices(group);
  if (known === undefined) {
    const message = `there is no group ${group}${suggestion(group, walk.files.groups())}`;
    return { code: "missing-file", path: key, place, got: group, message };
  }
  if (key === undefined) {
    const message = `${walk.label(name)} does not exist${suggestion(got, known)}`;
    return { code: "missing-file", place, got: name, nearest: nearest(got, known), message };
  }
  const expected = known.join(", ");
  const candidate = nearest(got, known);
  const hint = candidate === undefined ? "" : `; did you mean ${key}=${candidate}?`;
  const message = `${key} must be one of ${expected}, got ${got || '""'}${hint}`;
  return { code: "unknown-choice", path: key, place, expected, got, nearest: candidate, message };
}

function noPrimary(primary: string, files: ConfigFiles, label: (name: string) => string): ConfigError {
  const known = files.choices("");
  const hint = known === undefined ? "; there is no such folder" : suggestion(primary, known);
  return new ConfigError([
    { code: "missing-file", place: label(primary), got: primary, message: `this file does not exist${hint}` },
  ]);
}

const collator = new Intl.Collator("en", { numeric: true });

/** The walk goes backwards; people read forwards. */
function byPlace(one: ConfigProblem, other: ConfigProblem): number {
  return collator.compare(one.place ?? "", other.place ?? "");
}

/** Runs a step and keeps the problems it throws, so that those of other files are found as well. */
function collecting(problems: ConfigProblem[], step: () => PlacedFile[]): PlacedFile[] {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return [];
  }
}
