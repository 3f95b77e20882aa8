import { int64, type NdArray } from "../tensor/index.ts";
import type { Encoding } from "./tokenizer.ts";

/** A batch of texts as models take it, int64 [batch, longest]. */
export interface PaddedTexts {
  readonly input_ids: NdArray<"int64">;
  /** 1 for a token, 0 for padding. */
  readonly attention_mask: NdArray<"int64">;
}

/** Stacks encodings, each filled up with `padId` to the longest of them. */
export function padTogether(
  encodings: readonly Pick<Encoding, "ids">[],
  { padId }: { padId: number },
): PaddedTexts {
  const longest = encodings.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const shape = [encodings.length, longest];
  const ids = int64(shape);
  const mask = int64(shape);
  ids.data.fill(BigInt(padId));
  encodings.forEach((encoding, row) => {
    encoding.ids.forEach((id, column) => {
      ids.data[row * longest + column] = BigInt(id);
    });
    mask.data.fill(1n, row * longest, row * longest + encoding.ids.length);
  });
  return { input_ids: ids, attention_mask: mask };
}
