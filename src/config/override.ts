/** One override of the command line, read by Hydra's grammar. */
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { GrammarError } from "./override-lexer.ts";
import { type OverrideValue, parseOverrideValue } from "./override-value.ts";
import { shellQuote } from "./shell.ts";

export interface Override {
  /** `key=value`, `+key=value`, `++key=value`, `~key`. */
  readonly action: "change" | "add" | "force" | "delete";
  /** A dotted path to a value, or a group such as `model` or `db/engine`. */
  readonly key: string;
  /** `backup` in `db@backup=mysql`. */
  readonly package: string | undefined;
  /** Undefined for `~key` alone. */
  readonly value: OverrideValue | undefined;
  /** The override as it was typed. */
  readonly typed: string;
}

const actions = { "": "change", "+": "add", "++": "force", "~": "delete" } as const;

const word = /[\p{L}_$][\p{L}\p{M}\p{N}_$-]*/u.source;
const step = `(?:${word}|0|[1-9]\\d*)`;
const dotted = `${step}(?:\\.${step}|\\[\\d+\\])*`;
const form = new RegExp(
  `^(?<sign>\\+\\+|\\+|~|)(?<key>${word}(?:/${word})+|${dotted})?(?:@(?<package>${dotted}|))?$`,
  "u",
);

/** @throws {ConfigError} with every override that cannot be read */
export function parseOverrides(typed: readonly string[]): Override[] {
  const problems: ConfigProblem[] = [];
  const overrides = typed.flatMap((text) => {
    const parsed = parseOverride(text);
    if ("code" in parsed) problems.push(parsed);
    return "code" in parsed ? [] : [parsed];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return overrides;
}

/** The key of an override with its package, as it is typed before the `=`: `+db@backup`. */
export function keyOf({ action, key, package: home }: Override): string {
  const sign = Object.entries(actions).find(([, name]) => name === action)?.[0] ?? "";
  return `${sign}${key}${home === undefined ? "" : `@${home}`}`;
}

function parseOverride(typed: string): Override | ConfigProblem {
  const equals = typed.indexOf("=");
  const left = equals < 0 ? typed : typed.slice(0, equals);
  const groups = form.exec(left)?.groups;
  if (groups?.key === undefined) return notReadable(typed, `${left || typed} is not a key`);
  const action = actions[(groups.sign ?? "") as keyof typeof actions];
  if (equals < 0 && action !== "delete") return notReadable(typed, "there is no =");
  try {
    const parsed = equals < 0 ? undefined : parseOverrideValue(typed.slice(equals + 1));
    return { action, key: groups.key, package: groups.package, value: parsed, typed };
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    const value = typed.slice(equals + 1);
    const rest = value.trimStart().slice(error.position);
    return notReadable(typed, rest === "" ? error.message : `${error.message}, at ${rest}`, left, value);
  }
}

function notReadable(typed: string, reason: string, key?: string, value?: string): ConfigProblem {
  const hint =
    key === undefined || value === undefined
      ? "an override has the form key=value, +key=value, ++key=value or ~key"
      : `to mean the text itself, type ${shellQuote(`${key}=${quote(value)}`)}`;
  return { code: "syntax", place: `override ${typed}`, got: typed, message: `${reason}; ${hint}` };
}

/** A text in the quotes of the override grammar. */
export function quote(text: string): string {
  const mark = text.includes('"') && !text.includes("'") ? "'" : '"';
  return (
    mark +
    text.replaceAll(
      new RegExp(`(\\\\*)(${mark}|$)`, "g"),
      (_, slashes: string, end: string) => slashes + slashes + (end === "" ? "" : `\\${mark}`),
    ) +
    mark
  );
}
