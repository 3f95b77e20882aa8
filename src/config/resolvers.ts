/** The functions that an interpolation may call: `${oc.env:HOME,default}`. */
import { InterpolationError } from "./interpolation.ts";
import type { JsonValue } from "./json.ts";
import { suggestion } from "./nearest.ts";
import { GrammarError } from "./override-lexer.ts";
import { parseSingleValue } from "./override-value.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a call is given: the text as written, and the value it stands for. */
export interface Given {
  readonly text: string;
  readonly value: JsonValue;
}

/** What a resolver may look at. */
export interface Surroundings {
  readonly environment: Environment;
  /** The value of a key, counted from the root; undefined where there is none. */
  select(key: string): JsonValue | undefined;
}

interface Resolver {
  readonly usage: string;
  readonly least: number;
  readonly most: number;
  resolve(given: readonly Given[], around: Surroundings): JsonValue;
}

const resolvers: Readonly<Record<string, Resolver>> = {
  "oc.env": {
    usage: "oc.env:NAME,default",
    least: 1,
    most: 2,
    resolve([name, fallback], { environment }) {
      const set = environment[name!.text];
      if (set !== undefined) return set;
      if (fallback === undefined)
        throw new InterpolationError(
          `the environment variable ${name!.text} is not set; set it, or give a default: \${oc.env:${name!.text},default}`,
        );
      // Like the variable itself a default is text; oc.decode makes a number of both.
      return fallback.value === null ? null : fallback.text;
    },
  },
  "oc.decode": {
    usage: "oc.decode:text",
    least: 1,
    most: 1,
    resolve: ([given]) => (typeof given!.value === "string" ? decode(given!.value) : given!.value),
  },
  "oc.select": {
    usage: "oc.select:key,default",
    least: 1,
    most: 2,
    resolve: ([key, fallback], { select }) => select(key!.text) ?? fallback?.value ?? null,
  },
};

/** @throws {InterpolationError} for an unknown resolver, a wrong number of arguments, or what the resolver refuses */
export function callResolver(name: string, given: readonly Given[], around: Surroundings): JsonValue {
  const known = Object.keys(resolvers);
  const resolver = known.includes(name) ? resolvers[name]! : undefined;
  if (resolver === undefined)
    throw new InterpolationError(`${name} is not a resolver${suggestion(name, known)}`);
  if (given.length < resolver.least || given.length > resolver.most)
    throw new InterpolationError(`${name} is written \${${resolver.usage}}, got ${given.length} arguments`);
  return resolver.resolve(given, around);
}

/** The value that a text stands for in the grammar of overrides. */
export function decode(text: string): JsonValue {
  try {
    return parseSingleValue(text);
  } catch (error) {
    if (error instanceof GrammarError)
      throw new InterpolationError(`cannot read "${text}": ${error.message}`);
    throw error;
  }
}
