/** The smallest worker that a queue can have: rows of numbers, each answered with its sum, in memory. */
import type { InferenceWorker } from "../inference-worker.ts";
import type { Answered, Outcome } from "../outcome.ts";

type Before = (rows: readonly number[][]) => Promise<void> | void;

/** `before` decides when and whether a run ends: when it throws, the worker ends. */
export class SumWorker implements InferenceWorker<number[], number> {
  /** The rows of each run. */
  readonly runs: number[][][] = [];
  isClosed = false;
  readonly #before: Before;
  readonly #ended = Promise.withResolvers<Error>();
  #isRunning = false;

  constructor(before: Before = () => {}) {
    this.#before = before;
  }

  get ended(): Promise<Error> {
    return this.#ended.promise;
  }

  async answer(rows: readonly number[][]): Promise<Outcome<number>[]> {
    if (this.isClosed) throw new Error("the worker is closed");
    if (this.#isRunning) throw new Error("a worker runs one batch at a time");
    this.runs.push([...rows]);
    this.#isRunning = true;
    try {
      await this.#before(rows);
    } catch (error) {
      this.#ended.resolve(error as Error);
      throw error;
    } finally {
      this.#isRunning = false;
    }
    return rows.map((row) => ({ answered: { answer: sumOf(row) } }));
  }

  async stream(row: number[], onPart: (part: Answered<number>) => void): Promise<Outcome<number>> {
    for (const end of row.keys()) {
      await this.#before([row]);
      onPart({ answer: sumOf(row.slice(0, end + 1)) });
    }
    return { answered: { answer: sumOf(row) } };
  }

  async run() {
    return { tensors: {} };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.#ended.resolve(new Error("closed"));
  }
}

export const sumOf = (row: readonly number[]): number => row.reduce((sum, value) => sum + value, 0);
