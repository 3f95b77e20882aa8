/** A step of generation by a program that keeps what it has read: the keys and values of source and beams. */
import { int64, type NdArrays, type Recurrence } from "../../tensor/index.ts";
import type { DecoderStep, NextTokens, SourceBeams } from "./decoder-step.ts";

/** What the beams of one source have written stands in one pool of slots; see `DecoderStepInputs` in seq2seq. */
interface Pool {
  readonly source: number;
  /** The step in which each slot was written. */
  readonly written: readonly number[];
  /** By beam of the last step, 1 for each slot that it sees. */
  readonly visible: readonly Uint8Array[];
}

export class CachedDecoder implements DecoderStep {
  readonly #sequence: Recurrence;
  #pools: readonly Pool[];
  /** Slots that the caches have room for. */
  #room = 0;
  #step = 0;

  /** @param sequence of runs of the step program, with the source's caches in its state, and empty ones for the beams */
  constructor(sequence: Recurrence, sources: number) {
    this.#sequence = sequence;
    this.#pools = Array.from({ length: sources }, (_, source) => ({
      source,
      written: [],
      visible: [new Uint8Array()],
    }));
  }

  async next(sources: readonly SourceBeams[], count: number): Promise<NextTokens[][]> {
    await this.#keepSources(sources.map(({ source }) => source));
    // From here on the beams are those of this step.
    this.#pools = this.#pools.map((pool, row) => ({
      ...pool,
      visible: sources[row]!.beams.map(({ parent }) => pool.visible[parent]!),
    }));
    const beams = sources[0]!.beams.length;
    if (this.#used + beams > this.#room) await this.#makeRoom(beams);
    const inputs = { ...this.#inputs(sources), count: int64([1], [count]) };
    const outputs = await this.#sequence.run(inputs, this.#used);
    this.#pools = this.#pools.map((pool) => withOwnSlots(pool, this.#step));
    this.#step++;
    return nextTokens(outputs, sources.length);
  }

  get #used(): number {
    return this.#pools[0]!.written.length;
  }

  /** Lets the sources go that are not in the list. */
  async #keepSources(sources: readonly number[]): Promise<void> {
    if (sources.length === this.#pools.length) return;
    const rows = sources.map((source) => this.#pools.findIndex((pool) => pool.source === source));
    this.#pools = rows.map((row) => this.#pools[row]!);
    await this.#sequence.keepRows(rows);
  }

  /**
   * Drops slots that no beam sees any more, and makes room for others. Beams share most of their past, so that far
   * fewer slots live than have been written.
   */
  async #makeRoom(beams: number): Promise<void> {
    const living = this.#pools.map(livingSlots);
    const most = Math.max(...living.map(({ length }) => length));
    const kept = living.map((places) => filledUp(places, this.#used, most));
    this.#pools = this.#pools.map((pool, row) => ({
      ...pool,
      written: kept[row]!.map((place) => pool.written[place]!),
      visible: pool.visible.map((seen) => Uint8Array.from(kept[row]!, (place) => seen[place]!)),
    }));
    // Attention passes over empty room too, and too little of it means many copies: 32 steps, or half of what lives.
    this.#room = most + Math.max(32 * beams, Math.ceil(most / 2));
    await this.#sequence.keepPlaces(kept, this.#room);
  }

  /** Each beam sees itself, which comes first, and its past. */
  #inputs(sources: readonly SourceBeams[]): NdArrays {
    const beams = sources[0]!.beams.length;
    const width = 1 + this.#room;
    const visible = new Uint8Array(sources.length * beams * width);
    for (const [i, seen] of this.#pools.flatMap((pool) => pool.visible).entries())
      visible.set([1, ...seen], i * width);
    const positions = this.#pools.flatMap(({ written }) =>
      Array.from({ length: width }, (_, i) => (written[i - 1] ?? this.#step) - this.#step),
    );
    const tokens = sources.flatMap((source) => source.beams.map(({ token }) => token));
    return {
      tokens: int64([sources.length, beams], tokens),
      visible: { dtype: "bool", shape: [sources.length, beams, width], data: visible },
      positions: int64([sources.length, width], positions),
    };
  }
}

/** Adds the slots that a step has written, one for each beam, which only that beam sees. */
function withOwnSlots({ visible, written, ...pool }: Pool, step: number): Pool {
  const own = visible.map((seen, beam) => {
    const all = new Uint8Array(seen.length + visible.length);
    all.set(seen);
    all[seen.length + beam] = 1;
    return all;
  });
  return { ...pool, written: [...written, ...visible.map(() => step)], visible: own };
}

/** The slots that some beam sees. */
const livingSlots = ({ written, visible }: Pool): number[] =>
  written.flatMap((_, slot) => (visible.some((seen) => seen[slot] === 1) ? [slot] : []));

/** As many places as `count`: sources have pools of one length, so that some keep dead slots. */
function filledUp(places: readonly number[], slots: number, count: number): number[] {
  const kept = new Set(places);
  for (let slot = 0; kept.size < count && slot < slots; slot++) kept.add(slot);
  return [...kept].sort((a, b) => a - b);
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
