/** A checkpoint file that is not what it should be: which file and tensor, what was expected, what was found. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  readonly path: string;
  /** The tensor at fault, where it is one. */
  readonly tensor?: string;

  constructor(path: string, message: string, { tensor, cause }: { tensor?: string; cause?: unknown } = {}) {
    super(
      `${path}: ${tensor === undefined ? "" : `tensor "${tensor}" `}${message}`,
      cause === undefined ? {} : { cause },
    );
    this.path = path;
    if (tensor !== undefined) this.tensor = tensor;
  }
}
