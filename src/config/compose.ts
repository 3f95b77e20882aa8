import type { ConfigFiles } from "./config-files.ts";
import type { JsonObject } from "./json.ts";

/** A configuration put together from its folder and the overrides. */
export interface Composition {
  /** The whole configuration, interpolations resolved. */
  readonly values: JsonObject;
  /** The chosen file of each group, such as `{ model: "small" }`. */
  readonly choices: Readonly<Record<string, string>>;
  /** The overrides as they were typed. */
  readonly overrides: readonly string[];
  /** What set a key: `conf/model/small.yaml:4` or `override model.dropout=0.5`; undefined for an unknown key. */
  sourceOf(path: string | readonly (string | number)[]): string | undefined;
  /** The values as YAML. */
  print(): string;
}

export interface ComposeOptions {
  /** Name of the primary file in the folder, without `.yaml`. */
  readonly primary?: string | undefined;
  /** Overrides in Hydra's grammar, such as `model=small`, `training.epochs=3`, `+note=test`, `~optimizer`. */
  readonly overrides?: readonly string[] | undefined;
  /** Where `${oc.env:NAME}` looks. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The command before the overrides (`havn train movie-reviews`), for messages that show what to type instead. */
  readonly command?: string | undefined;
  readonly files?: ConfigFiles | undefined;
}

/**
 * Composes a folder of YAML files as Hydra does: the primary file's defaults list, then the overrides,
 * then the interpolations.
 *
 * @throws {ConfigError} with every problem of the first stage that has any
 * @see https://hydra.cc/docs/advanced/defaults_list/
 */
export function compose(folder: string, options: ComposeOptions = {}): Composition {
  throw new Error(`compose(${folder}) comes next: ${Object.keys(options)}`);
}
