/** What a text with `${...}` consists of, after OmegaConf's grammar. */
import { interpolationEnd } from "./override-lexer.ts";
import { unquote } from "./override-value.ts";

export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  /** `${model.name}`, or `${.name}` with the number of leading dots as its level. */
  | { readonly kind: "key"; readonly key: readonly Part[]; readonly level: number; readonly typed: string }
  /** `${oc.env:HOME,default}` */
  | {
      readonly kind: "resolver";
      readonly name: string;
      readonly given: readonly (readonly Part[])[];
      readonly typed: string;
    };

/** An interpolation that cannot be read. */
export class InterpolationError extends Error {}

/** A text as a configuration has to write it, so that it means nothing but itself. */
export const escapeInterpolations = (text: string): string =>
  text.replaceAll(/(\\*)\$\{/g, (_, slashes: string) => `${slashes}${slashes}\\\${`);

/**
 * Splits a text at its interpolations. A backslash in front keeps `\${` as it is; two are a backslash and an interpolation.
 *
 * @throws {InterpolationError} where an interpolation is not closed or names nothing
 */
export function parseInterpolations(text: string): Part[] {
  const parts: Part[] = [];
  let literal = "";
  let at = 0;
  while (at < text.length) {
    const opening = /(\\*)\$\{/.exec(text.slice(at));
    if (opening === null) break;
    const slashes = opening[1]!.length;
    const start = at + opening.index + slashes;
    literal += text.slice(at, at + opening.index) + "\\".repeat(slashes >> 1);
    if (slashes % 2 === 1) {
      literal += "${";
      at = start + 2;
      continue;
    }
    const end = interpolationEnd(text, start);
    if (end === undefined) throw new InterpolationError(`${text.slice(start)} is not closed by a }`);
    if (literal !== "") parts.push({ kind: "text", text: literal, quoted: false });
    literal = "";
    parts.push(parseOne(text.slice(start, end)));
    at = end;
  }
  literal += text.slice(at);
  return literal === "" && parts.length > 0
    ? parts
    : [...parts, { kind: "text", text: literal, quoted: false }];
}

function parseOne(typed: string): Part {
  const inner = typed.slice(2, -1).trim();
  const call = /^([\p{L}_][\p{L}\p{N}_.]*)\s*:(.*)$/su.exec(inner);
  if (call) {
    const given = call[2]!.trim() === "" ? [] : splitArguments(call[2]!).map(parseArgument);
    return { kind: "resolver", name: call[1]!, given, typed };
  }
  const level = /^\.*/.exec(inner)![0].length;
  const key = inner.slice(level);
  if (key === "") throw new InterpolationError(`${typed} names no key`);
  return { kind: "key", key: parseInterpolations(key), level, typed };
}

function parseArgument(text: string): Part[] {
  const trimmed = text.trim();
  const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')$/s.test(trimmed);
  const parts = parseInterpolations(quoted ? unquote(trimmed) : trimmed);
  return quoted ? parts.map((part) => (part.kind === "text" ? { ...part, quoted } : part)) : parts;
}

/** Splits at the commas that stand in no quotes, brackets or interpolations. */
function splitArguments(text: string): string[] {
  const found = text.match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[[({]|[\])}]|,|[^"'[({\])},]+|["']/gs) ?? [];
  const given = [""];
  let depth = 0;
  for (const piece of found) {
    if ("[({".includes(piece)) depth++;
    else if ("])}".includes(piece)) depth--;
    if (piece === "," && depth === 0) given.push("");
    else given[given.length - 1] += piece;
  }
  return given;
}
