/** A project, run or model version that cannot be worked with: what, and what to do. */
export class TaskError extends Error {
  override readonly name = "TaskError";
}
