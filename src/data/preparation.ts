import type { NdArrays } from "../tensor/index.ts";

/**
 * What data asks of a task: how an input becomes an example of numbers, and examples a batch.
 * Training, evaluation and serving all prepare through it, so they cannot differ. The arrays that it returns are the
 * caller's: they may move to another thread.
 */
export interface Preparation<Input, Example> {
  /**
   * May wait, for a decoder such as that of images.
   * @throws {InvalidInput} for an input that nothing can be made of, such as a damaged image
   */
  prepare(input: Input): Example | Promise<Example>;
  /** Pads the examples to the longest of them and stacks them under the names of the model's inputs. */
  collate(examples: readonly Example[]): NdArrays;
  /** Length by which examples are grouped into batches (tokens); equal for all where padding plays no part. */
  lengthOf(example: Example): number;
}

/** What the loader asks of a task beside: how its rows are best loaded. */
export interface Loadable<Row, Example> extends Preparation<Row, Example> {
  /**
   * Examples are large (images): they are prepared anew for each batch, ahead of the step, rather than once and kept.
   * All are equally long.
   */
  readonly streamed?: true;
  /**
   * Prepares a row of the training split with random changes, other ones in each epoch; only of streamed examples.
   * @param random the next number in [0, 1), of a generator that seed, epoch and row determine
   */
  prepareForTraining?(row: Row, random: () => number): Example | Promise<Example>;
}

/**
 * Where a worker thread finds a preparation, which as an object cannot be sent to it: the URL of a module, whose
 * export `open` makes it from these options.
 */
export interface PreparationSource {
  readonly module: string;
  /** Plain data. */
  readonly options: unknown;
}
