/** Inputs as a prediction log keeps them: plain JSON, with files as objects of their own. */
import { hash } from "node:crypto";

/** A file of an input: its name says its content, so that a file that comes twice a day is kept once. */
export interface LoggedObject {
  /** `objects/2026-11-21/SHA256`; by the day, so that what is too old can be dropped without asking who uses it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface LoggedInput {
  readonly input: unknown;
  readonly objects: readonly LoggedObject[];
}

/** Folder of the objects of a day. */
export const objectsFolder = "objects";

/**
 * Puts `{ object: NAME, sizeBytes: N }` in the place of every file, wherever in the input it stands.
 * @param time of the request, milliseconds since 1970
 */
export function loggedInput(input: unknown, time: number): LoggedInput {
  const objects: LoggedObject[] = [];
  const withoutFiles = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      const name = `${objectsFolder}/${dayOf(time)}/${hash("sha256", value)}`;
      objects.push({ name, bytes: value });
      return { object: name, sizeBytes: value.length };
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutFiles(each)]));
  };
  const hasFiles = typeof input === "object" && input !== null && Object.values(input).some(isFile);
  return { input: hasFiles ? withoutFiles(input) : input, objects };
}

const isFile = (value: unknown): boolean =>
  value instanceof Uint8Array ||
  (typeof value === "object" && value !== null && Object.values(value).some(isFile));

/** The day of a time in UTC: 2026-11-21. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
