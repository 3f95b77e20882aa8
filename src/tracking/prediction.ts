/** A value that survives JSON unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One answer that a service gave: serving writes it down, monitoring reads it. */
export interface Prediction {
  /** Unique; also the request id in the reply's headers. */
  readonly id: string;
  readonly project: string;
  readonly modelVersion: number;
  /** When the request came in, milliseconds since 1970. */
  readonly time: number;
  readonly latencyMs: number;
  readonly input: Json;
  readonly answer: Json;
  /** One per class in the order of the model's labels, where the task has classes. */
  readonly probabilities?: readonly number[];
  /** Of what was answered, where the task knows it. */
  readonly confidence?: number;
  /** What the answer comes to in a word, where there are few. */
  readonly label?: string;
}
