/** What a search asks of a model. */

/** How a beam goes on: the token it writes now, and the beam of the step before that it continues. */
export interface Extension {
  readonly token: number;
  readonly parent: number;
}

/** The beams of one source; all sources of a step have the same number of beams. */
export interface SourceBeams {
  /** The source's place in the batch that is searched. */
  readonly source: number;
  readonly beams: readonly Extension[];
}

/** The likeliest tokens to follow a beam, the likeliest first. */
export interface NextTokens {
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly number[];
}

export interface DecoderStep {
  /**
   * Writes one token to each beam and says what may follow. A source that is missing has left for good.
   * @param sources those still searched, in the order of the batch
   * @param count   how many next tokens to give for each beam
   * @returns       by source, then by beam
   */
  next(sources: readonly SourceBeams[], count: number): Promise<NextTokens[][]>;
}
