import { ServingError } from "./serving-error.ts";

/**
 * The query of a URL, by name. What a URL cannot mean is refused, where the platform would guess: the first of two values,
 * or the percent signs as they stand.
 *
 * @param hint a right query, for the messages
 * @throws {ServingError} `invalid-query`
 */
export function readQuery(url: string, hint: string): Record<string, string> {
  const start = url.indexOf("?");
  const fields: Record<string, string> = Object.create(null);
  if (start < 0) return fields;
  for (const pair of url.slice(start + 1).split("&")) {
    if (pair === "") continue;
    const [name = "", ...value] = pair.split("=");
    const key = decoded(name, "a name of the query", hint);
    if (key in fields) throw invalid(`${key} is given twice`, hint);
    fields[key] = decoded(value.join("="), key, hint);
  }
  return fields;
}

function decoded(text: string, what: string, hint: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalid(`${what} is not UTF-8 in percent signs: a percent sign itself is %25`, hint);
  }
}

const invalid = (problem: string, hint: string): ServingError =>
  new ServingError("invalid-query", `${problem}; ${hint}`, { expected: hint });
