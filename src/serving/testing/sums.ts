/** The smallest task that a queue can serve: rows of numbers, each answered with its sum. */
import { float32, type InferenceSession, type NdArrays, TensorError } from "../../tensor/index.ts";

/** The part of a task that the queue uses, over rows of numbers. */
export const sums = {
  lengthOf: (row: readonly number[]) => row.length,
  collate(rows: readonly (readonly number[])[]): NdArrays {
    const longest = Math.max(...rows.map((row) => row.length));
    const padded = rows.flatMap((row) => [...row, ...new Array<number>(longest - row.length).fill(0)]);
    return { values: float32([rows.length, longest], padded) };
  },
  respond: ({ sums }: NdArrays): number[] => Array.from(sums!.data, Number),
};

/** A session that adds up each row in memory; `before` decides when and whether a run ends. */
export class SumSession implements InferenceSession {
  readonly inputNames = ["values"];
  readonly outputNames = ["sums"];
  /** The rows of each run, without their padding. */
  readonly runs: number[][][] = [];
  isClosed = false;
  isRunning = false;
  readonly #before: (rows: number[][]) => Promise<void> | void;

  constructor(before: (rows: number[][]) => Promise<void> | void = () => {}) {
    this.#before = before;
  }

  async run({ values }: NdArrays): Promise<NdArrays> {
    if (this.isClosed) throw new TensorError("the session is closed");
    if (this.isRunning) throw new TensorError("a session runs one batch at a time");
    const [batch = 0, width = 0] = values!.shape;
    const padded = Array.from({ length: batch }, (_, row) =>
      Array.from(values!.data.slice(row * width, (row + 1) * width), Number),
    );
    const rows = padded.map((row) => row.filter((value) => value !== 0));
    this.runs.push(rows);
    this.isRunning = true;
    try {
      await this.#before(rows);
    } finally {
      this.isRunning = false;
    }
    return {
      sums: float32(
        [batch],
        padded.map((row) => row.reduce((sum, value) => sum + value, 0)),
      ),
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}
