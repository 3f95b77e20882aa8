/** `--preset` and `--data`: the overrides that are typed most, said shorter. */
import { join } from "node:path";
import type { Command } from "commander";
import { choicesOf, quote } from "../config/index.ts";
import { type Project, TaskError } from "../tasks/index.ts";

export interface ShortcutOptions {
  readonly preset?: string;
  readonly data?: string;
}

export const withDataOption = (command: Command): Command =>
  command.option("--data <dir>", "folder of the data files, the same as data.folder=DIR");

export const withShortcutOptions = (command: Command): Command =>
  withDataOption(command.option("--preset <name>", "the same as model=NAME"));

/**
 * The overrides with what the options say in their place.
 * @throws {TaskError} when there is no such preset; names those there are
 */
export function withShortcuts(
  project: Project,
  overrides: readonly string[],
  { preset, data }: ShortcutOptions,
): readonly string[] {
  const folder = data === undefined ? [] : [`data.folder=${quote(data)}`];
  if (preset === undefined) return [...overrides, ...folder];
  const presets = choicesOf(join(project.folder, "conf"), "model");
  if (!presets.includes(preset))
    throw new TaskError(`--preset must be one of ${presets.join(", ")}, got ${preset}`);
  return [`model=${preset}`, ...overrides, ...folder];
}
