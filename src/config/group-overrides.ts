/** Choices of groups that are made elsewhere than where the group is named: on the command line, or by `override`. */

import { ConfigError, type ConfigProblem } from "./config-error.ts";
import type { ConfigFiles } from "./config-files.ts";
import type { GroupEntry } from "./defaults-list.ts";
import { isJsonObject, type JsonValue } from "./json.ts";
import { suggestion } from "./nearest.ts";
import { keyOf, type Override } from "./override.ts";

interface Chosen {
  readonly choice: GroupEntry["choice"];
  readonly place: string;
  /** Set by the command line, which can be told to use `+`. */
  readonly typed: Override | undefined;
}

export class GroupOverrides {
  /** Overrides of values, to be applied once the files are composed. */
  readonly values: readonly Override[];
  /** Groups that `+group=choice` adds to the primary file's defaults list. */
  readonly added: readonly GroupEntry[];
  private readonly chosen = new Map<string, Chosen>();
  private readonly deleted = new Map<
    string,
    { readonly choice: string | undefined; readonly override: Override }
  >();
  private readonly used = new Set<string>();

  /** @throws {ConfigError} with every override of a group that is not the name of a choice */
  constructor(overrides: readonly Override[], files: ConfigFiles) {
    const values: Override[] = [];
    const added: GroupEntry[] = [];
    const problems: ConfigProblem[] = [];
    for (const override of overrides) {
      const value = override.value?.kind === "single" ? override.value.value : undefined;
      if (isJsonObject(value) || files.choices(override.key) === undefined) values.push(override);
      else if (override.action === "delete" && (value === undefined || typeof value === "string"))
        this.deleted.set(keyOf(override).slice(1), { choice: value, override });
      else if (!isChoice(value) || override.action === "force") problems.push(notAChoice(override));
      else if (override.action === "add") added.push(entryOf(override, value));
      else this.chosen.set(keyOf(override), { choice: value, place: placeOf(override), typed: override });
    }
    if (problems.length > 0) throw new ConfigError(problems);
    this.values = values;
    this.added = added;
  }

  /** Takes up an `override` entry of a defaults list; what came before it, and the command line, goes first. */
  suggest(key: string, { choice, place }: GroupEntry): void {
    if (!this.chosen.has(key)) this.chosen.set(key, { choice, place, typed: undefined });
  }

  /** The entry with the choice that was made for it elsewhere. */
  applyTo(key: string, entry: GroupEntry): GroupEntry {
    const chosen = this.chosen.get(key);
    if (chosen === undefined) return entry;
    this.used.add(key);
    return { ...entry, choice: chosen.choice, place: chosen.place };
  }

  /** Whether `~group` or `~group=choice` takes the entry out. */
  isDeleted(key: string, choice: string | null): boolean {
    const deletion = this.deleted.get(key);
    if (deletion === undefined || (deletion.choice !== undefined && deletion.choice !== choice)) return false;
    this.used.add(`~${key}`);
    return true;
  }

  /** Overrides that met no entry of a defaults list, each with what was probably meant. */
  unused(known: ReadonlyMap<string, GroupEntry>): ConfigProblem[] {
    const choices = [...this.chosen].filter(([key]) => !this.used.has(key));
    const deletions = [...this.deleted].filter(([key]) => !this.used.has(`~${key}`));
    return [
      ...choices.map(([key, chosen]) => unusedChoice(key, chosen, [...known.keys()].sort())),
      ...deletions.map(([key, { override, choice }]) => {
        const entry = known.get(key);
        const message = entry
          ? `${key} is ${entry.choice} and not ${choice}, so this removes nothing`
          : `no defaults list holds ${key}${suggestion(key, [...known.keys()].sort())}`;
        return problem(placeOf(override), key, message);
      }),
    ];
  }
}

function isChoice(value: JsonValue | undefined): value is string | string[] {
  return (
    typeof value === "string" || (Array.isArray(value) && value.every((name) => typeof name === "string"))
  );
}

function entryOf(override: Override, choice: string | readonly string[]): GroupEntry {
  return {
    kind: "group",
    group: override.key,
    choice,
    package: override.package,
    optional: false,
    override: false,
    place: placeOf(override),
  };
}

function placeOf({ typed }: Override): string {
  return `override ${typed}`;
}

function notAChoice(override: Override): ConfigProblem {
  const key = keyOf(override).replace(/^[+~]+/, "");
  if (override.action === "force")
    return problem(
      placeOf(override),
      key,
      `${key} is a group: type ${key}=NAME to choose, +${key}=NAME to add it`,
    );
  const removal = override.action === "change" ? `; to leave the group out, type ~${key}` : "";
  return problem(
    placeOf(override),
    key,
    `${key} must be the name of a file in the group, or a list of names${removal}`,
  );
}

function unusedChoice(
  key: string,
  { choice, place, typed }: Chosen,
  known: readonly string[],
): ConfigProblem {
  const sameGroup = known.filter((name) => name.split("@")[0] === key.split("@")[0]);
  const instead = sameGroup.map((name) => `${name}=${choice}`).join(" or ");
  const [change, add] = [instead && `${instead} to choose, `, typed ? `+${typed.typed} to add it` : ""];
  const hint = typed
    ? `; type ${change}${add}`
    : `${suggestion(key, known)}; without the word override this adds it`;
  return problem(place, key, `no defaults list holds ${key}${hint}`);
}

function problem(place: string, path: string, message: string): ConfigProblem {
  return { code: "defaults", path, place, message };
}
