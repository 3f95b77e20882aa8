/** Words of a value in an override, after Hydra's OverrideLexer in its value mode. */

export type TokenKind =
  | "("
  | ")"
  | "["
  | "]"
  | "{"
  | "}"
  | ","
  | ":"
  | "="
  | "float"
  | "int"
  | "boolean"
  | "null"
  | "punctuation"
  | "word"
  | "escaped"
  | "space"
  | "quoted"
  | "interpolation";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A value that cannot be read, with the position in the text where reading stopped. */
export class GrammarError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

const int = /(?:0|[1-9](?:_?\d)*)/.source;
const digits = /\d(?:_?\d)*/.source;
const point = `(?:(?:${int})?\\.${digits}|${int}\\.)`;
const exponent = `(?:${point}|${int})[eE][+-]?${digits}`;

/**
 * The longest match wins, the earlier one where two are equally long. White space belongs to the separators around
 * which it stands, so that `[1, 2]` and `[1,2]` are the same. Letters of any language may stand unquoted; Hydra takes
 * only those of ASCII.
 */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ["(", /[ \t]*\([ \t]*/y],
  [",", /[ \t]*,[ \t]*/y],
  [")", /[ \t]*\)/y],
  ["[", /\[[ \t]*/y],
  ["]", /[ \t]*\]/y],
  ["{", /\{[ \t]*/y],
  ["}", /[ \t]*\}/y],
  [":", /[ \t]*:[ \t]*/y],
  ["=", /[ \t]*=[ \t]*/y],
  ["float", new RegExp(`[+-]?(?:${exponent}|${point}|inf|nan)`, "iy")],
  ["int", new RegExp(`[+-]?${int}`, "y")],
  ["boolean", /true|false/iy],
  ["null", /null/iy],
  ["punctuation", /[/\-\\+.$%*@?|]/y],
  ["word", /[\p{L}_][\p{L}\p{M}\p{N}_-]*/uy],
  ["escaped", /(?:\\[\\()[\]{}:=, \t])+/y],
  ["space", /[ \t]+/y],
  ["quoted", /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy],
];

/** @throws {GrammarError} at a character that must be quoted, or where a quote or an interpolation stays open */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let start = 0;
  while (start < text.length) {
    const token = tokenAt(text, start);
    tokens.push(token);
    start = token.end;
  }
  return tokens;
}

function tokenAt(text: string, start: number): Token {
  if (text.startsWith("${", start)) {
    const end = interpolationEnd(text, start);
    if (end === undefined) throw new GrammarError("the interpolation is not closed by a }", start);
    return { kind: "interpolation", text: text.slice(start, end), start, end };
  }
  let best: Token | undefined;
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start;
    const match = pattern.exec(text)?.[0];
    if (match !== undefined && match.length > (best?.text.length ?? 0))
      best = { kind, text: match, start, end: start + match.length };
  }
  if (best) return best;
  const character = String.fromCodePoint(text.codePointAt(start)!);
  throw new GrammarError(
    character === "'" || character === '"'
      ? `the quote ${character} is not closed`
      : `${character} must be quoted`,
    start,
  );
}

/** Where the `}` of the `${` at `start` ends, interpolations and quotes inside of it passed over. */
export function interpolationEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at + 1;
    else if (character === '"' || character === "'") {
      const closing = closingQuote(text, at);
      if (closing === undefined) return undefined;
      at = closing;
    }
  }
  return undefined;
}

function closingQuote(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[start]) return at;
  }
  return undefined;
}
