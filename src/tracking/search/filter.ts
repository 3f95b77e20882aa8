// The filter grammar of MLflow's search (mlflow.org, "Search Runs"): comparisons joined by AND.
import { type Identifier, Scanner } from "./scanner.ts";

export type Comparator = "=" | "!=" | ">" | ">=" | "<" | "<=" | "LIKE" | "ILIKE";

export type Comparison = Identifier &
  (
    | { readonly comparator: Comparator; readonly value: string | number }
    | { readonly comparator: "IN" | "NOT IN"; readonly values: readonly string[] }
    | { readonly comparator: "IS NULL" | "IS NOT NULL" }
  );

/**
 * Reads a filter such as `metrics.acc > 0.8 and params."lr" != '1e-3' and attributes.run_id in ('a', 'b')`.
 * Strings stand in single or double quotes, a quote inside is written twice. An empty filter compares nothing.
 *
 * @throws {StoreError} `invalid`, with the place of what cannot be read
 */
export function parseFilter(text: string): Comparison[] {
  const scanner = new Scanner("filter", text);
  const comparisons: Comparison[] = [];
  if (scanner.atEnd) return comparisons;
  do comparisons.push(comparison(scanner));
  while (scanner.take(/and\b/iy) !== undefined);
  if (!scanner.atEnd)
    throw scanner.expected("AND or the end (OR and parentheses are not part of the grammar)");
  return comparisons;
}

function comparison(scanner: Scanner): Comparison {
  const identifier = scanner.identifier();
  const symbol = scanner.take(/!=|>=|<=|=|>|</y);
  if (symbol !== undefined) return { ...identifier, comparator: symbol as Comparator, value: value(scanner) };
  const word = scanner.take(/(not\s+in|in|i?like|is\s+not\s+null|is\s+null)\b/iy);
  const comparator = word?.toUpperCase().replace(/\s+/g, " ");
  switch (comparator) {
    case "LIKE":
    case "ILIKE":
      return { ...identifier, comparator, value: text(scanner) };
    case "IN":
    case "NOT IN":
      return { ...identifier, comparator, values: textList(scanner) };
    case "IS NULL":
    case "IS NOT NULL":
      return { ...identifier, comparator };
    default:
      throw scanner.expected("one of = != > >= < <= LIKE ILIKE IN, NOT IN, IS NULL, IS NOT NULL");
  }
}

function value(scanner: Scanner): string | number {
  const number = scanner.take(/[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?(?![\p{L}\p{N}_.])/iuy);
  return number === undefined ? text(scanner) : Number(number);
}

function text(scanner: Scanner): string {
  const found = scanner.quoted("'") ?? scanner.quoted('"');
  if (found === undefined) throw scanner.expected("a number, or a text in quotes such as 'small'");
  return found;
}

function textList(scanner: Scanner): string[] {
  if (scanner.take(/\(/y) === undefined) throw scanner.expected("a list such as ('a', 'b')");
  const values = [];
  do values.push(text(scanner));
  while (scanner.take(/,/y) !== undefined);
  if (scanner.take(/\)/y) === undefined) throw scanner.expected(", or )");
  return values;
}

const quote = (text: string, mark: "'" | "`") => mark + text.replaceAll(mark, mark + mark) + mark;

/** Writes a filter that `parseFilter` reads back the same: for programs that search for what a person typed. */
export function printFilter(comparisons: readonly Comparison[]): string {
  const printValue = (value: string | number) =>
    typeof value === "number" ? String(value) : quote(value, "'");
  return comparisons
    .map((comparison) => {
      const left = `${comparison.entity}.${quote(comparison.key, "`")} ${comparison.comparator}`;
      if ("values" in comparison) return `${left} (${comparison.values.map(printValue).join(", ")})`;
      return "value" in comparison ? `${left} ${printValue(comparison.value)}` : left;
    })
    .join(" AND ");
}
