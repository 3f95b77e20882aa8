/** Sequences from sequences: the programs of a model, opened, and the searches that run on them. */
import {
  float32,
  type InferenceSession,
  int64,
  type NdArrays,
  openInference,
  openLocalInference,
  openLocalRecurrent,
  openRecurrent,
  type Recurrence,
  type RecurrentSession,
} from "../../tensor/index.ts";
import type { SpecialTokens } from "../seq2seq.ts";
import { BeamSearch, type Generated, type SearchOptions } from "./beam-search.ts";
import { CachedDecoder } from "./cached-decoder.ts";
import { finishedWords } from "./finished-words.ts";
import { runSearches } from "./run-searches.ts";

/** Token ids, without padding. */
export type Tokens = readonly number[];

export interface GenerateOptions extends SearchOptions {
  /** Sequences for each source, at most as many as beams. */
  readonly returned?: number;
}

/** A model opened for generation. Calls may overlap: each has a state of its own. */
export interface Generator {
  /**
   * Writes sequences for a batch of sources.
   * @returns by source, the best sequences first
   * @throws {RangeError} for a source without tokens, and for options that nothing can fulfil
   */
  generate(sources: readonly Tokens[], options?: GenerateOptions): Promise<Generated[][]>;
  /**
   * Writes one sequence, and gives its words as soon as no beam can take them back; the pieces together are the text.
   * @param decode the text of tokens
   */
  stream(source: Tokens, decode: (tokens: Tokens) => string, options?: SearchOptions): AsyncIterable<string>;
  /**
   * Writes one sequence, and gives it whenever it has grown for good: from the start token to the last one that no beam
   * can take back, at the end the whole sequence.
   */
  streamTokens(source: Tokens, options?: SearchOptions): AsyncIterable<Tokens>;
  close(): Promise<void>;
}

export interface GeneratorOptions {
  readonly tokens: SpecialTokens;
  /** Threads of one run; all cores unless given. */
  readonly threads?: number | undefined;
  /**
   * `own`: each program runs in a worker thread, and the caller's event loop stays free. `callers`: in the thread that
   * calls, which does nothing else meanwhile; nothing is copied from thread to thread then.
   */
  readonly thread?: "own" | "callers" | undefined;
}

const openers = {
  own: { openSource: openInference, openStep: openRecurrent },
  callers: { openSource: openLocalInference, openStep: openLocalRecurrent },
};

/**
 * Opens the programs of `generationPrograms`.
 * @param programs ONNX files, or their bytes
 * @throws {TensorError} when ONNX Runtime cannot load them
 */
export async function openGenerator(
  programs: { readonly source: string | Uint8Array; readonly step: string | Uint8Array },
  { tokens, threads, thread = "own" }: GeneratorOptions,
): Promise<Generator> {
  const { openSource, openStep } = openers[thread];
  const source = await openSource(programs.source, { threads });
  try {
    return new ProgramGenerator(source, await openStep(programs.step, { threads }), tokens);
  } catch (error) {
    await source.close();
    throw error;
  }
}

class ProgramGenerator implements Generator {
  readonly #source: InferenceSession;
  readonly #step: RecurrentSession;
  readonly #tokens: SpecialTokens;

  constructor(source: InferenceSession, step: RecurrentSession, tokens: SpecialTokens) {
    this.#source = source;
    this.#step = step;
    this.#tokens = tokens;
  }

  async generate(sources: readonly Tokens[], { returned = 1, ...options }: GenerateOptions = {}) {
    const searches = sources.map(() => new BeamSearch(this.#tokens, options));
    const { beams = 1 } = options;
    if (!(returned >= 1 && returned <= beams))
      throw new RangeError(`returned must be between 1 and the ${beams} beams, got ${returned}`);
    for await (const _ of this.#run(sources, searches));
    return searches.map(({ finished }) => finished.slice(0, returned));
  }

  async *stream(source: Tokens, decode: (tokens: Tokens) => string, options: SearchOptions = {}) {
    const search = new BeamSearch(this.#tokens, options);
    let given = 0;
    for await (const tokens of this.#grow(source, search)) {
      const text = decode(this.#written(tokens));
      const piece = search.isDone ? text.slice(given) : finishedWords(text, given);
      given += piece.length;
      if (piece) yield piece;
    }
  }

  streamTokens(source: Tokens, options: SearchOptions = {}) {
    return this.#grow(source, new BeamSearch(this.#tokens, options));
  }

  async *#grow(source: Tokens, search: BeamSearch): AsyncGenerator<Tokens> {
    let length = 1;
    for await (const _ of this.#run([source], [search])) {
      const { settled, isDone } = search;
      if (settled.length > length || isDone) yield settled;
      length = settled.length;
    }
  }

  async *#run(sources: readonly Tokens[], searches: readonly BeamSearch[]): AsyncGenerator<void> {
    if (sources.length === 0) return;
    const sequence = await this.#read(sources);
    try {
      yield* runSearches(new CachedDecoder(sequence, sources.length), searches);
    } finally {
      await sequence.end();
    }
  }

  /** Reads the sources, and begins a sequence of steps that knows them and has written nothing yet. */
  async #read(sources: readonly Tokens[]): Promise<Recurrence> {
    const inputs = padded(sources, this.#tokens.padding);
    const read = await this.#source.run(inputs);
    const state: NdArrays = { ...read, attention_mask: inputs.attention_mask! };
    const caches: Record<string, string> = {};
    for (const [name, { shape }] of Object.entries(read)) {
      const cache = name.slice("source.".length);
      state[`past.${cache}`] = float32(shape.with(2, 0));
      caches[`written.${cache}`] = `past.${cache}`;
    }
    return this.#step.begin(state, { inputs: caches, axis: 2 });
  }

  /** What a sequence says: without start and end. */
  #written(tokens: Tokens): Tokens {
    return tokens.slice(1, tokens.at(-1) === this.#tokens.end ? -1 : undefined);
  }

  async close(): Promise<void> {
    await this.#source.close();
    await this.#step.close();
  }
}

function padded(sources: readonly Tokens[], padding: number): NdArrays {
  const empty = sources.findIndex(({ length }) => length === 0);
  if (empty >= 0) throw new RangeError(`source ${empty} has no tokens: not even its end`);
  const width = Math.max(...sources.map(({ length }) => length));
  const shape = [sources.length, width];
  const row = (token: (i: number) => number) => Array.from({ length: width }, (_, i) => token(i));
  return {
    input_ids: int64(
      shape,
      sources.flatMap((source) => row((i) => source[i] ?? padding)),
    ),
    attention_mask: int64(
      shape,
      sources.flatMap((source) => row((i) => Number(i < source.length))),
    ),
  };
}
