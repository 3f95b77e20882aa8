/** Where a run came from: code, dependencies, machine. */
export interface Environment {
  /** `missing` says why there is no commit, such as "not a git repository". */
  readonly git:
    | { readonly commit: string; readonly branch: string; readonly dirty: boolean }
    | { readonly missing: string };
  /** SHA-256 of the nearest package-lock.json, hexadecimal. */
  readonly lockfileHash?: string;
  readonly havnVersion: string;
  readonly nodeVersion: string;
  /** Such as `linux-x64`. */
  readonly platform: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** As typed, with the values of tokens and passwords left out. */
  readonly commandLine: readonly string[];
}

/** Finds out where the program and the project in `folder` come from. Never fails: what cannot be known is said so. */
export declare function describeEnvironment(folder?: string): Promise<Environment>;

/** The environment as tags of a run, under MLflow's names where it has one. */
export declare function environmentTags(environment: Environment): Record<string, string>;
