/** Beam search over one source; with one beam it is greedy search. */
import type { SpecialTokens } from "../seq2seq.ts";
import { bannedTokens } from "./banned-tokens.ts";
import type { Extension, NextTokens } from "./decoder-step.ts";

export interface SearchOptions {
  /** Sequences that are followed at once; 1 is greedy search. */
  readonly beams?: number;
  /** Most tokens of a sequence, the start included. */
  readonly maxLength?: number;
  /** Fewest tokens of a sequence, the start included. */
  readonly minLength?: number;
  /** Scores are divided by length^lengthPenalty: above 0 favours long sequences, below 0 short ones. */
  readonly lengthPenalty?: number;
  /**
   * When a source is done, once there are as many finished sequences as beams: at once (true), when a beam that ended
   * now would not be better than the worst of them (false), or when none could ever be better ("never").
   */
  readonly earlyStopping?: boolean | "never";
  /** No run of this many tokens stands twice in a sequence; 0 allows all. */
  readonly noRepeatNgramSize?: number;
}

export interface Generated {
  /** From the start token to the end, or to the last one that fitted. */
  readonly tokens: readonly number[];
  /** Of each token after the start. */
  readonly logProbabilities: readonly number[];
  /** Sum of the logarithms of probability, divided by length^lengthPenalty; the start token has no length. */
  readonly score: number;
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly logProbabilities: readonly number[];
  readonly sum: number;
  readonly parent: number;
}

/**
 * The search of transformers 5 (`_beam_search`; Sutskever et al. 2014, section 3.2, with the length penalty of Wu et
 * al. 2016 in its simple form): of each step's 2 x beams best continuations, those that end among the first `beams`
 * are finished, and the first `beams` that do not are followed.
 */
export class BeamSearch {
  readonly #tokens: SpecialTokens;
  readonly #options: Required<SearchOptions>;
  #live: readonly Hypothesis[];
  /** The best first, at most as many as beams. */
  #finished: readonly Generated[] = [];
  #isDone = false;

  /** @throws {RangeError} for options that nothing can fulfil */
  constructor(
    tokens: SpecialTokens,
    {
      beams = 1,
      maxLength = 128,
      minLength = 0,
      lengthPenalty = 1,
      earlyStopping = false,
      noRepeatNgramSize = 0,
    }: SearchOptions = {},
  ) {
    if (!(Number.isInteger(beams) && beams >= 1))
      throw new RangeError(`beams must be a whole number of at least 1, got ${beams}`);
    if (!(maxLength >= 2))
      throw new RangeError(`maxLength must be at least 2, since it counts the start token, got ${maxLength}`);
    this.#tokens = tokens;
    this.#options = {
      ...{ beams, maxLength, minLength, lengthPenalty, noRepeatNgramSize },
      // The first end that a single beam meets is its answer.
      earlyStopping: beams === 1 || earlyStopping,
    };
    this.#live = [{ tokens: [tokens.start], logProbabilities: [], sum: 0, parent: 0 }];
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** The beams as they go on from those of the last step; at first the start token alone. */
  get beams(): readonly Extension[] {
    return this.#live.map(({ tokens, parent }) => ({ token: tokens.at(-1)!, parent }));
  }

  /** How many next tokens each beam needs, so that enough are left without the banned ones. */
  get wanted(): number {
    const banned = this.#live.map(({ tokens }) => this.#banned(tokens).size);
    return 2 * this.#options.beams + Math.max(...banned);
  }

  /** What was found, the best first. */
  get finished(): readonly Generated[] {
    return this.#finished;
  }

  /** The tokens with which the best sequence will begin, however the search goes on. */
  get settled(): readonly number[] {
    const possible = [...this.#finished.slice(0, 1), ...(this.#isDone ? [] : this.#live)];
    return possible.map(({ tokens }) => tokens).reduce(commonStart);
  }

  /** @param next by beam, what may follow it */
  advance(next: readonly NextTokens[]): void {
    const { beams, maxLength } = this.#options;
    const length = this.#live[0]!.tokens.length + 1;
    const best = this.#best(next);
    const hasEnded = ({ tokens }: Hypothesis) => length >= maxLength || tokens.at(-1) === this.#tokens.end;
    // Where every token is banned, sequences stay as they are.
    const ended = best.length > 0 ? best.slice(0, beams).filter(hasEnded) : this.#live;
    this.#finished = [...this.#finished, ...ended.map((hypothesis) => this.#finish(hypothesis))]
      .sort((a, b) => b.score - a.score)
      .slice(0, beams);
    this.#live = best.filter((hypothesis) => !hasEnded(hypothesis)).slice(0, beams);
    this.#isDone = length >= maxLength || this.#live.length === 0 || this.#cannotImprove(length);
  }

  /** The best continuations that are not banned, twice as many as beams, so that enough are left when some end. */
  #best(next: readonly NextTokens[]): Hypothesis[] {
    const allowed = this.#live.flatMap(({ tokens, sum }, parent) => {
      const banned = this.#banned(tokens);
      const { logProbabilities } = next[parent]!;
      return next[parent]!.tokens.flatMap((token, i) =>
        banned.has(token)
          ? []
          : [{ parent, token, added: logProbabilities[i]!, sum: sum + logProbabilities[i]! }],
      );
    });
    return allowed
      .sort((a, b) => b.sum - a.sum)
      .slice(0, 2 * this.#options.beams)
      .map(({ parent, token, added, sum }) => {
        const { tokens, logProbabilities } = this.#live[parent]!;
        return { tokens: [...tokens, token], logProbabilities: [...logProbabilities, added], sum, parent };
      });
  }

  #banned(written: readonly number[]): Set<number> {
    return bannedTokens(written, this.#tokens.end, this.#options);
  }

  #finish({ tokens, logProbabilities, sum }: Hypothesis): Generated {
    return { tokens, logProbabilities, score: this.#score(sum, tokens.length) };
  }

  /** @param length with the start token, which does not count */
  #score(sum: number, length: number): number {
    return sum / (length - 1) ** this.#options.lengthPenalty;
  }

  #cannotImprove(length: number): boolean {
    const { beams, maxLength, lengthPenalty, earlyStopping } = this.#options;
    if (this.#finished.length < beams) return false;
    if (earlyStopping === true) return true;
    // Sums only fall, but with a penalty above 0 a longer sequence may still have the better score.
    const reachable = earlyStopping === "never" && lengthPenalty > 0 ? maxLength : length;
    return this.#score(this.#live[0]!.sum, reachable) <= this.#finished.at(-1)!.score;
  }
}

function commonStart(a: readonly number[], b: readonly number[]): readonly number[] {
  const end = a.findIndex((token, i) => token !== b[i]);
  return end < 0 ? a : a.slice(0, end);
}
