/** The functions by which an override names several values: choice, range, interval, glob. */
import type { JsonValue } from "./json.ts";
import { suggestion } from "./nearest.ts";
import { GrammarError, type Token } from "./override-lexer.ts";

/** A value and how it was typed. */
export interface Choice {
  readonly value: JsonValue;
  readonly typed: string;
}

export type Sweep =
  /** `1,2,3` (simple) or `choice(1,2,3)` */
  | { readonly kind: "choice"; readonly choices: readonly Choice[]; readonly simple: boolean }
  /** `range(start, stop, step)`: stop is not part of it */
  | { readonly kind: "range"; readonly start: number; readonly stop: number; readonly step: number }
  /** `interval(start, end)`: every number between the two, end not part of it */
  | { readonly kind: "interval"; readonly start: number; readonly end: number }
  /** `glob(include, exclude)`: the choices of a group by their names */
  | { readonly kind: "glob"; readonly include: readonly string[]; readonly exclude: readonly string[] };

export interface Argument extends Choice {
  readonly name: string | undefined;
}

const functions: Record<string, (given: readonly Argument[], at: number) => Sweep> = {
  choice(given, at) {
    if (given.length === 0) throw new GrammarError("choice() needs at least one value", at);
    const named = given.find(({ name }) => name !== undefined);
    if (named) throw new GrammarError(`choice has no argument ${named.name}`, at);
    return { kind: "choice", choices: given, simple: false };
  },

  range(given, at) {
    const [first, second, step = 1] = numbers("range", ["start", "stop", "step"], given, at);
    if (first === undefined) throw new GrammarError("range needs a stop, such as range(3)", at);
    if (step === 0) throw new GrammarError("the step of a range must not be 0", at);
    return second === undefined
      ? { kind: "range", start: 0, stop: first, step }
      : { kind: "range", start: first, stop: second, step };
  },

  interval(given, at) {
    const [start, end] = numbers("interval", ["start", "end"], given, at);
    if (start === undefined || end === undefined)
      throw new GrammarError("interval needs a start and an end", at);
    return { kind: "interval", start, end };
  },

  glob(given, at) {
    const [include, exclude = []] = bind("glob", ["include", "exclude"], given, at).map((value) =>
      [value ?? []].flat().map(String),
    );
    if (include === undefined || include.length === 0)
      throw new GrammarError("glob needs a pattern, such as glob(*)", at);
    return { kind: "glob", include, exclude };
  },
};

/** @throws {GrammarError} for an unknown function, or arguments that it does not take */
export function sweepOf(name: Token, given: readonly Argument[]): Sweep {
  const known = Object.keys(functions);
  if (!known.includes(name.text))
    throw new GrammarError(`${name.text} is not a function${suggestion(name.text, known)}`, name.start);
  return functions[name.text]!(given, name.start);
}

/** Arguments in the order of their names, given by position first and then by name. */
function bind(
  called: string,
  names: readonly string[],
  given: readonly Argument[],
  at: number,
): (JsonValue | undefined)[] {
  const bound: (JsonValue | undefined)[] = names.map(() => undefined);
  for (const [position, { name, value }] of given.entries()) {
    const index = name === undefined ? position : names.indexOf(name);
    if (index < 0 || index >= names.length)
      throw new GrammarError(
        `${called} takes ${names.join(", ")}, got ${name ?? `${given.length} values`}`,
        at,
      );
    if (bound[index] !== undefined) throw new GrammarError(`${called} got ${names[index]} twice`, at);
    bound[index] = value;
  }
  return bound;
}

function numbers(
  called: string,
  names: readonly string[],
  given: readonly Argument[],
  at: number,
): (number | undefined)[] {
  return bind(called, names, given, at).map((value, index) => {
    if (value === undefined || typeof value === "number") return value;
    throw new GrammarError(`${names[index]} of ${called} must be a number, got ${JSON.stringify(value)}`, at);
  });
}
