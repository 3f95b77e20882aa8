// What names and values may be. The numbers are MLflow's, so that whatever is stored here can move there.
import { StoreError } from "../store-error.ts";

export const limits = {
  key: 250,
  param: 6_000,
  tag: 8_000,
  "tag of an experiment": 20_000,
  "tag in the registry": 100_000,
  name: 500,
  alias: 255,
  description: 100_000,
  source: 65_535,
  location: 256,
  schema: 1_048_575,
  profile: 16_777_215,
} as const;

const shown = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);

/**
 * Checks text for the database and hands it back.
 *
 * @param subject what it is, for the message: `tag note of run ab12`
 * @throws {StoreError} `invalid`
 */
export function checkText(subject: string, kind: keyof typeof limits, text: string): string {
  const most = limits[kind];
  if (text.length > most) {
    throw new StoreError(
      "invalid",
      subject,
      `${subject} has ${text.length} characters, at most ${most} are allowed: ${shown(text)}`,
      {
        expected: `at most ${most} characters`,
        got: String(text.length),
      },
    );
  }
  // Postgres stores neither in text, and a store must be movable.
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new StoreError(
      "invalid",
      subject,
      `${subject} holds a NUL character or half of a surrogate pair: ${shown(text)}`,
    );
  }
  return text;
}

/** Checks text that must not be empty: names and keys. */
export function checkName(subject: string, kind: "key" | "name" | "alias", text: string): string {
  if (text.trim() === "") {
    throw new StoreError("invalid", subject, `${subject} needs a name, got ${JSON.stringify(text)}`);
  }
  return checkText(subject, kind, text);
}

/** Checks the key and the value of a param or tag. */
export function checkEntry(
  kind: "param" | "tag" | "tag of an experiment" | "tag in the registry",
  key: string,
  value: string,
): void {
  checkName(kind, "key", key);
  checkText(`${kind} ${key}`, kind, value);
}

/** Checks a time, a step or a version: numbers that a double holds exactly. */
export function checkInteger(subject: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new StoreError("invalid", subject, `${subject} must be a whole number below 2^53, got ${value}`, {
    expected: "a whole number below 2^53",
    got: String(value),
  });
}
