/** Overrides with several values: refused in a single run, expanded into the runs of a sweep. */

import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type ConfigFiles, filesOnDisk } from "./config-files.ts";
import { keyOf, type Override, parseOverrides, quote } from "./override.ts";
import { shellQuote } from "./shell.ts";
import type { Sweep } from "./sweep-functions.ts";

/** More runs than anybody waits for; beyond that a slip of the finger is likelier. */
const mostRuns = 10_000;

/**
 * Expands overrides with several values (`epochs=1,3`, `lr=choice(1e-4,1e-5)`, `seed=range(0,3)`, `model=glob(*)`)
 * into the overrides of each run: their cartesian product, the last one varying fastest. A key that is given twice
 * has the values it was given last.
 *
 * @throws {ConfigError} when an override cannot be read, or its values cannot be counted (`interval`)
 * @see https://hydra.cc/docs/advanced/override_grammar/extended/
 */
export function expandSweeps(
  overrides: readonly string[],
  { folder }: { /** Where `glob` finds the choices of a group. */ readonly folder?: string | undefined } = {},
): string[][] {
  const files = folder === undefined ? undefined : filesOnDisk(folder);
  const problems: ConfigProblem[] = [];
  const alternatives = new Map<string, readonly string[]>();
  for (const override of parseOverrides(overrides)) {
    const { value, typed } = override;
    if (value === undefined || value.kind === "single") alternatives.set(keyOf(override), [typed]);
    else {
      const values = valuesOf(value, override, files);
      if (typeof values === "string")
        problems.push({ code: "sweep", path: override.key, place: `override ${typed}`, message: values });
      else
        alternatives.set(
          keyOf(override),
          values.map((text) => `${keyOf(override)}=${text}`),
        );
    }
  }
  const runs = [...alternatives.values()].reduce((count, { length }) => count * length, 1);
  if (runs > mostRuns)
    problems.push({ code: "sweep", message: `this sweep has ${runs} runs, the most is ${mostRuns}` });
  if (problems.length > 0) throw new ConfigError(problems);
  return product([...alternatives.values()]);
}

/** @throws {ConfigError} that shows for each sweep how it is typed as several runs, as a list and as text */
export function refuseSweeps(overrides: readonly Override[], command: string): void {
  const problems = overrides.flatMap(({ value, typed, key }, index): ConfigProblem[] => {
    if (value === undefined || value.kind === "single") return [];
    const instead = (replacement: string) =>
      [command, ...overrides.map((other, at) => shellQuote(at === index ? replacement : other.typed))]
        .filter(Boolean)
        .join(" ");
    const left = typed.slice(0, typed.indexOf("="));
    const right = typed.slice(left.length + 1);
    const runs = value.kind === "interval" ? `${left}=range(${value.start},${value.end},STEP)` : typed;
    const readings: [string, string][] = [[`${instead(runs)} --multirun`, "one run for each value"]];
    const list = asList(value);
    if (list !== undefined) readings.push([instead(`${left}=${list}`), "one run with a list"]);
    readings.push([instead(`${left}=${quote(right)}`), "one run with a text"]);
    const width = Math.max(...readings.map(([text]) => text.length));
    const lines = readings.map(([text, meaning]) => `  ${text.padEnd(width)}    ${meaning}`);
    const message = `${typed} has several values, but this is a single run. Did you mean\n${lines.join("\n")}`;
    return [{ code: "sweep", path: key, got: right, message }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The values of a sweep as they are typed, or why they cannot be told. */
function valuesOf(sweep: Sweep, { key, typed }: Override, files: ConfigFiles | undefined): string[] | string {
  switch (sweep.kind) {
    case "choice":
      return sweep.choices.map((choice) => choice.typed);
    case "range": {
      const values = numbersIn(sweep);
      return values === undefined
        ? `a range of more than ${mostRuns} numbers is too long`
        : values.map(String);
    }
    case "interval":
      return `an interval has no end of values; type ${key}=range(${sweep.start},${sweep.end},STEP) or ${key}=choice(...)`;
    case "glob": {
      const choices = files?.choices(key);
      if (choices === undefined) return `glob chooses from the files of a group, and ${key} is none`;
      const matching = choices.filter(
        (name) => matches(name, sweep.include) && !matches(name, sweep.exclude),
      );
      return matching.length > 0
        ? matching
        : `no choice of ${key} matches ${typed}: known are ${choices.join(", ")}`;
    }
  }
}

function asList(sweep: Sweep): string | undefined {
  if (sweep.kind === "choice") return `[${sweep.choices.map(({ typed }) => typed).join(",")}]`;
  return sweep.kind === "range" ? `[${(numbersIn(sweep) ?? []).join(",")}]` : undefined;
}

/** From start to before stop; undefined for more than anybody runs. */
function numbersIn({ start, stop, step }: Sweep & { kind: "range" }): number[] | undefined {
  // 0.3 / 0.1 is 2.9999999999999996: twelve digits are what was meant, in the count as in the values.
  const count = Math.max(0, Math.ceil(Number(((stop - start) / step).toPrecision(12))));
  if (!(count <= mostRuns)) return undefined;
  return Array.from({ length: count }, (_, index) => Number((start + index * step).toPrecision(12)));
}

function matches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const escaped = pattern
      .replaceAll(/[\\^$+{}()|.]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${escaped.replaceAll("[!", "[^")}$`).test(name);
  });
}

function product(alternatives: readonly (readonly string[])[]): string[][] {
  return alternatives.reduce<string[][]>(
    (runs, values) => runs.flatMap((run) => values.map((value) => [...run, value])),
    [[]],
  );
}
