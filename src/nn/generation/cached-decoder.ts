/** A step of generation by a program that keeps what it has read: the keys and values of source and beams. */
import { int64, type NdArrays, type Recurrence } from "../../tensor/index.ts";
import type { DecoderStep, NextTokens, SourceBeams } from "./decoder-step.ts";

/**
 * What the beams of a source have written stands in one pool of slots; `visible` says which slots each beam looks at.
 * See `DecoderStepInputs` in seq2seq.
 */
export class CachedDecoder implements DecoderStep {
  readonly #run: Recurrence;
  /** The sources whose caches are kept. */
  #sources: readonly number[];
  /** The step in which each slot was written. */
  readonly #written: number[] = [];
  /** [sources, beams, slots]: 1 where a beam of the last step sees a slot. */
  #visible = new Uint8Array();
  /** Beams of the last step. */
  #beams = 0;
  #step = 0;

  /** @param run a sequence of runs of the step program, with the source's caches in its state */
  constructor(run: Recurrence, sources: number) {
    this.#run = run;
    this.#sources = Array.from({ length: sources }, (_, source) => source);
  }

  async next(sources: readonly SourceBeams[], count: number): Promise<NextTokens[][]> {
    await this.#keep(sources.map(({ source }) => source));
    const outputs = await this.#run.run({ ...this.#inputs(sources), count: int64([1], [count]) });
    this.#step++;
    return nextTokens(outputs, sources.length);
  }

  /** Lets the sources go that are not in the list. */
  async #keep(sources: readonly number[]): Promise<void> {
    if (sources.length === this.#sources.length) return;
    const rows = sources.map((source) => this.#sources.indexOf(source));
    const size = this.#beams * this.#written.length;
    const kept = rows.map((row) => this.#visible.subarray(row * size, (row + 1) * size));
    this.#visible = new Uint8Array(Buffer.concat(kept));
    this.#sources = sources;
    await this.#run.select(rows);
  }

  #inputs(sources: readonly SourceBeams[]): NdArrays {
    const beams = sources[0]!.beams.length;
    const past = this.#written.length;
    const slots = past + beams;
    const visible = new Uint8Array(sources.length * beams * slots);
    for (const [row, source] of sources.entries())
      for (const [beam, { parent }] of source.beams.entries()) {
        const inherited = (row * this.#beams + parent) * past;
        const start = (row * beams + beam) * slots;
        visible.set(this.#visible.subarray(inherited, inherited + past), start);
        visible[start + past + beam] = 1;
      }
    this.#visible = visible;
    this.#beams = beams;
    for (let beam = 0; beam < beams; beam++) this.#written.push(this.#step);
    return {
      tokens: int64(
        [sources.length, beams],
        sources.flatMap((source) => source.beams.map(({ token }) => token)),
      ),
      visible: { dtype: "bool", shape: [sources.length, beams, slots], data: visible },
      positions: int64(
        [slots],
        this.#written.map((step) => step - this.#step),
      ),
    };
  }
}

/** Outputs [sources, beams, count] taken apart. */
function nextTokens({ next_tokens, log_probabilities }: NdArrays, sources: number): NextTokens[][] {
  const [, beams, count] = next_tokens!.shape as [number, number, number];
  return Array.from({ length: sources }, (_, source) =>
    Array.from({ length: beams }, (_, beam) => {
      const start = (source * beams + beam) * count;
      return {
        tokens: Array.from(next_tokens!.data.subarray(start, start + count), Number),
        logProbabilities: Array.from(log_probabilities!.data.subarray(start, start + count), Number),
      };
    }),
  );
}
