/** Groups of parameters by the patterns of a configuration: which are frozen, which learn faster or slower. */
import { TaskError } from "./task-error.ts";

/** How parameters are trained that are not like the rest. */
export interface ParameterGroups {
  /** Names of parameters that keep their values. */
  readonly frozen: ReadonlySet<string>;
  /** Factors on the learning rate by name. */
  readonly rateScales: ReadonlyMap<string, number>;
}

/**
 * Finds the parameters that patterns name; `*` stands for any characters, as in `distilbert.embeddings.*`.
 * @param frozen     patterns of parameters that are not trained
 * @param rateScales factors on the learning rate by pattern; of several that fit, the last counts
 * @throws {TaskError} when a pattern fits no parameter, or no parameter is left to train
 */
export function parameterGroups(
  names: Iterable<string>,
  {
    frozen,
    rateScales,
  }: { readonly frozen: readonly string[]; readonly rateScales: Readonly<Record<string, number>> },
): ParameterGroups {
  const all = [...names];
  const matching = (key: string, pattern: string) => {
    const found = all.filter((name) => expressionOf(pattern).test(name));
    if (found.length === 0)
      throw new TaskError(`${key}: "${pattern}" fits no parameter; there are ${sample(all)}`);
    return found;
  };
  const still = new Set(frozen.flatMap((pattern) => matching("training.frozen", pattern)));
  if (still.size === all.length) throw new TaskError("training.frozen leaves no parameter to train");
  const scales = Object.entries(rateScales).flatMap(([pattern, scale]) =>
    matching("training.rate_scales", pattern).map((name) => [name, scale] as const),
  );
  return { frozen: still, rateScales: new Map(scales) };
}

const expressionOf = (pattern: string): RegExp =>
  new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`);

const sample = (names: readonly string[]): string =>
  `${names.slice(0, 4).join(", ")}, ... (${names.length} in all)`;
