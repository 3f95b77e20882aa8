/**
 * Characters of an input, wherever its texts stand: a cheap measure of how long the model will work on it. Inputs are
 * grouped into batches by it before anybody has counted their tokens. Of images there is nothing to group: 0.
 */
export function inputLength(input: unknown): number {
  if (typeof input === "string") return input.length;
  if (typeof input !== "object" || input === null || ArrayBuffer.isView(input)) return 0;
  let length = 0;
  for (const value of Object.values(input)) length += inputLength(value);
  return length;
}
