/** The kinds of things that can be wrong with a configuration. */
export type ConfigProblemCode =
  | "syntax"
  | "missing-file"
  | "unknown-choice"
  | "unknown-key"
  | "existing-key"
  | "missing-value"
  | "invalid-value"
  | "defaults"
  | "interpolation"
  | "sweep";

/** One thing that is wrong, as data, so that a page, a client and a terminal can each print it their way. */
export interface ConfigProblem {
  readonly code: ConfigProblemCode;
  /** The key, such as `model.dropout`. */
  readonly path?: string | undefined;
  /** What set it: `conf/model/small.yaml:3` or `override model.dropout=1.5`. */
  readonly place?: string | undefined;
  readonly expected?: string | undefined;
  readonly got?: string | undefined;
  /** The nearest known name, where the given one is unknown. */
  readonly nearest?: string | undefined;
  /** The problem in words, without its place. */
  readonly message: string;
}

/** Everything that is wrong with a configuration, reported at once: one problem a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(inWords).join("\n"));
    this.problems = problems;
  }
}

function inWords({ place, message }: ConfigProblem): string {
  if (place === undefined) return message;
  return place.startsWith("override ") ? `${place}: ${message}` : `config ${place}: ${message}`;
}
