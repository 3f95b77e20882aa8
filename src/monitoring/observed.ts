import type { DriftRow } from "./table.ts";

/** What monitoring asks of a task. */
export interface Observed<Input, Answer> {
  /**
   * What drift is looked for in: properties of an input and of its answer, as numbers and as words of which there are few.
   * The names are the same for every input.
   */
  features(input: Input, answer: Answer): DriftRow | Promise<DriftRow>;
}
