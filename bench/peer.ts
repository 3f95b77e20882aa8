/** Runs the same measurement in the reference implementation, in the same minute on the same machine. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Runs a script of `bench/peers`, which prints one line of JSON.
 * @param python an interpreter that has the packages that the script imports
 */
export async function runPeer<Figures>(
  python: string,
  script: string,
  options: Readonly<Record<string, string | number>>,
): Promise<Figures> {
  const file = fileURLToPath(new URL(`./peers/${script}`, import.meta.url));
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { stdout } = await promisify(execFile)(python, [file, ...words]);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Figures;
}
