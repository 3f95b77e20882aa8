/** ONNX Runtime's own profile of a session's first runs, as spans on the common clock. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Span } from "./trace.ts";

export interface KernelProfileOptions {
  /** The line on which its kernels are drawn. */
  readonly track: string;
  /** Runs that are profiled: each adds a kilobyte for every node of its graph. */
  readonly runs: number;
}

const shapes = z.array(z.record(z.string(), z.array(z.number()))).optional();
const event = z.object({
  cat: z.string(),
  name: z.string(),
  /** Microseconds since the session was made. */
  ts: z.number(),
  dur: z.number(),
  args: z.object({ op_name: z.string().optional(), input_type_shape: shapes, output_type_shape: shapes }),
});

export class KernelProfile {
  readonly #options: KernelProfileOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "havn-profile-"));
  /** When each run began, on the common clock. */
  readonly #starts: number[] = [];

  constructor(options: KernelProfileOptions) {
    this.#options = options;
  }

  /** What ONNX Runtime's session option `profileFilePrefix` must be. */
  get filePrefix(): string {
    return join(this.#folder, "kernels");
  }

  /** Notes that a run begins. */
  begin(time: number): void {
    this.#starts.push(time);
  }

  get isFull(): boolean {
    return this.#starts.length >= this.#options.runs;
  }

  /** Reads what the session wrote when its profiling ended. */
  read(): Span[] {
    const events = readdirSync(this.#folder).flatMap((file) =>
      z.array(event).parse(JSON.parse(readFileSync(join(this.#folder, file), "utf8"))),
    );
    const runs = events.filter(({ name }) => name === "model_run").sort((a, b) => a.ts - b.ts);
    // ONNX Runtime notes the begin of a run a little after we do, and least late in the run that tells its origin best.
    const origin = Math.max(...runs.map(({ ts }, i) => (this.#starts[i] ?? 0) - ts / 1000));
    const runOf = (time: number) => runs.findLastIndex(({ ts }) => ts <= time) + 1;
    return events.flatMap(({ cat, name, ts, dur, args }): Span[] => {
      if (cat !== "Node" || args.op_name === undefined) return [];
      const details = {
        node: name.replace(/_kernel_time$/, ""),
        run: runOf(ts),
        inputs: describeShapes(args.input_type_shape),
        outputs: describeShapes(args.output_type_shape),
      };
      const when = { start: origin + ts / 1000, durationMs: dur / 1000 };
      return [{ kind: "kernel", name: args.op_name, track: this.#options.track, ...when, details }];
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** `float[64, 768], int64[2]`. */
const describeShapes = (shapes: readonly Readonly<Record<string, readonly number[]>>[] = []): string =>
  shapes
    .flatMap((shape) => Object.entries(shape).map(([type, sizes]) => `${type}[${sizes.join(", ")}]`))
    .join(", ");
