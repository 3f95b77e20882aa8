import { InvalidArgumentError } from "commander";

/** The number of a version, as typed. */
export function parseVersion(text: string): number {
  const version = Number(text);
  if (!Number.isInteger(version) || version < 1)
    throw new InvalidArgumentError("must be a whole number from 1");
  return version;
}
