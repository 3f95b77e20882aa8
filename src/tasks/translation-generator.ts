/** A finished translation model, opened: it writes with the settings it was saved with. */
import { join } from "node:path";
import { openGenerator, readGenerationConfig, searchOptions, type Tokens } from "../nn/index.ts";
import { int64, type NdArray, type NdArrays } from "../tensor/index.ts";
import { loadTokenizer, type Tokenizer } from "../text/index.ts";
import type { ModelOptions, OpenModel } from "./task.ts";

/** Reads the source once: its keys and values for every layer of the decoder. */
export const encoderFile = "encoder.onnx";
/** Writes a token at a time, with cached keys and values. */
export const decoderFile = "decoder.onnx";

/**
 * Takes input_ids and attention_mask, gives `sequences` int64 [batch, longest], padded; each begins with the start token.
 * @param folder with both programs, generation_config.json and the tokenizer
 */
export async function openTranslationModel(folder: string, options: ModelOptions = {}): Promise<OpenModel> {
  const { tokens, options: search } = searchOptions(await readGenerationConfig(folder));
  const tokenizer = await loadTokenizer(folder);
  const programs = { source: join(folder, encoderFile), step: join(folder, decoderFile) };
  const generator = await openGenerator(programs, { tokens, ...options });
  const stack = (sequences: readonly Tokens[], { source_cut }: NdArrays): NdArrays => ({
    sequences: padded(sequences, tokens.padding),
    ...(source_cut && { source_cut }),
  });
  return {
    async run(inputs) {
      const generated = await generator.generate(sourcesOf(inputs), search);
      return stack(
        generated.map(([best]) => best!.tokens),
        inputs,
      );
    },
    async stream(inputs, onOutputs) {
      let last: Tokens = [tokens.start];
      let shown = 1;
      for await (const sequence of generator.streamTokens(sourcesOf(inputs)[0]!, search)) {
        last = sequence;
        const words = wholeWords(sequence, tokenizer);
        // With an end, since it is not for its length that it stops here.
        if (words.length > shown) onOutputs(stack([[...words, tokens.end]], inputs));
        shown = Math.max(shown, words.length);
      }
      return stack([last], inputs);
    },
    close: () => generator.close(),
  };
}

/** The sources of a batch without their padding. */
function sourcesOf({ input_ids, attention_mask }: NdArrays): number[][] {
  const [rows, length] = input_ids!.shape as [number, number];
  return Array.from({ length: rows }, (_, row) => {
    const isToken = (column: number) => Number(attention_mask!.data[row * length + column]) === 1;
    const ids = Array.from(input_ids!.data.subarray(row * length, (row + 1) * length), Number);
    return ids.filter((_, column) => isToken(column));
  });
}

function padded(sequences: readonly Tokens[], padding: number): NdArray<"int64"> {
  const longest = Math.max(0, ...sequences.map(({ length }) => length));
  const rows = sequences.flatMap((tokens) => Array.from({ length: longest }, (_, i) => tokens[i] ?? padding));
  return int64([sequences.length, longest], rows);
}

/** The beginning of a growing sequence whose words cannot grow any more. */
function wholeWords(sequence: Tokens, tokenizer: Tokenizer): Tokens {
  const textOf = (length: number) => tokenizer.decode(sequence.slice(1, length), { skipSpecialTokens: true });
  const end = textOf(sequence.length).search(/\s\S*$/);
  let length = sequence.length;
  while (length > 1 && textOf(length).trimEnd().length > Math.max(0, end)) length--;
  return sequence.slice(0, length);
}
