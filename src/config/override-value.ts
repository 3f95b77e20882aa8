/** The value of an override: one value, or several to sweep over, after Hydra's OverrideParser. */
import type { JsonValue } from "./json.ts";
import { GrammarError, type Token, type TokenKind, tokenize } from "./override-lexer.ts";
import { type Argument, type Choice, type Sweep, sweepOf } from "./sweep-functions.ts";

export type OverrideValue = { readonly kind: "single"; readonly value: JsonValue } | Sweep;

/**
 * Reads what stands behind the `=` of an override.
 *
 * @throws {GrammarError} where the text follows no rule of the grammar
 * @see https://hydra.cc/docs/advanced/override_grammar/basic/
 */
export function parseOverrideValue(text: string): OverrideValue {
  if (text.trim() === "") return { kind: "single", value: "" };
  const cursor = new Cursor(text.trimStart());
  const first = element(cursor);
  if (cursor.atEnd) return first.value;
  const choices = [choiceOf(first)];
  while (cursor.take(",")) choices.push(choiceOf(element(cursor)));
  if (!cursor.atEnd) throw cursor.unexpected();
  return { kind: "choice", choices, simple: true };
}

/** Reads one value that is no sweep, such as the text of an environment variable. */
export function parseSingleValue(text: string): JsonValue {
  const parsed = parseOverrideValue(text);
  if (parsed.kind !== "single") throw new GrammarError("several values where one is expected", 0);
  return parsed.value;
}

/** What a quoted text stands for: backslashes count only in front of a quote. */
export function unquote(quoted: string): string {
  const quote = quoted.charAt(0);
  const halved = new RegExp(`(\\\\+)(${quote}|$)`, "g");
  return quoted
    .slice(1, -1)
    .replace(halved, (_, slashes: string, end: string) => "\\".repeat(slashes.length >> 1) + end);
}

/** Where reading stands among the tokens. */
class Cursor {
  readonly text: string;
  private readonly tokens: readonly Token[];
  private next = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
  }

  get atEnd(): boolean {
    return this.next === this.tokens.length;
  }

  /** The token `ahead` of the next one. */
  peek(ahead = 0): Token | undefined {
    return this.tokens[this.next + ahead];
  }

  take(kind: TokenKind): Token | undefined {
    const token = this.peek();
    if (token?.kind !== kind) return undefined;
    this.next++;
    return token;
  }

  takeWhile(kinds: ReadonlySet<TokenKind>): Token[] {
    const start = this.next;
    while (!this.atEnd && kinds.has(this.tokens[this.next]!.kind)) this.next++;
    return this.tokens.slice(start, this.next);
  }

  expect(kind: TokenKind): void {
    if (!this.take(kind)) throw this.unexpected();
  }

  unexpected(): GrammarError {
    const token = this.peek();
    return token === undefined
      ? new GrammarError("it ends too early", this.text.length)
      : new GrammarError(`${token.text.trim()} must be quoted or escaped`, token.start);
  }
}

interface Element {
  readonly value: OverrideValue;
  readonly typed: string;
  readonly start: number;
}

function element(cursor: Cursor): Element {
  const start = cursor.peek()?.start ?? cursor.text.length;
  const value = elementValue(cursor);
  cursor.take("space");
  const end = cursor.peek()?.start ?? cursor.text.length;
  // A space behind a backslash belongs to the value.
  return { value, typed: cursor.text.slice(start, end).replace(/(?<!\\)\s+$/, ""), start };
}

function elementValue(cursor: Cursor): OverrideValue {
  if (cursor.peek()?.kind === "word" && cursor.peek(1)?.kind === "(") return call(cursor);
  return { kind: "single", value: list(cursor) ?? map(cursor) ?? primitive(cursor, primitiveKinds) };
}

function list(cursor: Cursor): JsonValue[] | undefined {
  if (!cursor.take("[")) return undefined;
  const items: JsonValue[] = [];
  if (cursor.take("]")) return items;
  do items.push(choiceOf(element(cursor)).value);
  while (cursor.take(","));
  cursor.expect("]");
  return items;
}

function map(cursor: Cursor): JsonValue | undefined {
  if (!cursor.take("{")) return undefined;
  const entries: [string, JsonValue][] = [];
  if (cursor.take("}")) return {};
  do {
    const key = primitive(cursor, keyKinds);
    cursor.expect(":");
    entries.push([String(key), choiceOf(element(cursor)).value]);
  } while (cursor.take(","));
  cursor.expect("}");
  return Object.fromEntries(entries);
}

/** Kinds of tokens that make up an unquoted value. */
const primitiveKinds: ReadonlySet<TokenKind> = new Set<TokenKind>([
  "word",
  "null",
  "int",
  "float",
  "boolean",
  "interpolation",
  "punctuation",
  ":",
  "escaped",
  "space",
]);
const keyKinds = new Set([...primitiveKinds].filter((kind) => kind !== ":" && kind !== "interpolation"));

/** A single token has the type it looks like; several together are text. */
function primitive(cursor: Cursor, kinds: ReadonlySet<TokenKind>): JsonValue {
  const quoted = cursor.take("quoted");
  if (quoted) return unquote(quoted.text);
  const tokens = cursor.takeWhile(kinds);
  if (tokens[0]?.kind === "space") tokens.shift();
  if (tokens.at(-1)?.kind === "space") tokens.pop();
  const [only] = tokens;
  if (only === undefined) throw cursor.unexpected();
  if (tokens.length > 1) return tokens.map(plainText).join("");
  if (only.kind === "null") return null;
  if (only.kind === "boolean") return only.text.toLowerCase() === "true";
  return only.kind === "int" || only.kind === "float" ? numberOf(only) : plainText(only);
}

function plainText({ kind, text }: Token): string {
  return kind === "escaped" ? text.replaceAll(/\\(.)/g, "$1") : text;
}

function numberOf({ kind, text, start }: Token): number {
  const digits = text.replaceAll("_", "").toLowerCase();
  if (digits.endsWith("nan")) return Number.NaN;
  if (digits.endsWith("inf")) return digits.startsWith("-") ? -Infinity : Infinity;
  const value = Number(digits);
  if (kind === "int" && !Number.isSafeInteger(value))
    throw new GrammarError(`${text} is too large to be held exactly; quote it to keep it as text`, start);
  return kind === "int" ? value + 0 : value; // -0 is the integer 0
}

/** A value that stands where no sweep may: in a list, a map, a choice. */
function choiceOf({ value, typed, start }: Element): Choice {
  if (value.kind !== "single") throw new GrammarError(`${typed} must be the whole value`, start);
  return { value: value.value, typed };
}

function call(cursor: Cursor): Sweep {
  const name = cursor.take("word")!;
  cursor.expect("(");
  const given: Argument[] = [];
  if (!cursor.take(")")) {
    do given.push(argument(cursor));
    while (cursor.take(","));
    cursor.expect(")");
  }
  return sweepOf(name, given);
}

function argument(cursor: Cursor): Argument {
  const name = cursor.peek(1)?.kind === "=" ? cursor.take("word")?.text : undefined;
  if (name !== undefined) cursor.expect("=");
  return { name, ...choiceOf(element(cursor)) };
}
