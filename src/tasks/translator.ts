/** Translating a sentence: preparation, judgement and answers, whatever model stands between. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type GenerationConfig, saveGenerationConfig } from "../nn/index.ts";
import type { NdArray, NdArrays } from "../tensor/index.ts";
import { padTogether, type Tokenizer, textCleaning, textCleanings } from "../text/index.ts";
import { bleu, bleuLine, chrf, chrfLine, type TranslationPair } from "../train/index.ts";
import type { TableRow, Task } from "./task.ts";
import { type TextFeatures, textFeatures } from "./text-features.ts";

export interface SourceText {
  readonly text: string;
}

/** A source and its translation. */
export interface SentencePair extends SourceText {
  readonly target: string;
  /** What the pair is of, such as where it comes from. */
  readonly group?: string;
}

export interface EncodedPair {
  readonly ids: readonly number[];
  /** Of the target; a request has none. */
  readonly labels?: readonly number[];
  /** Whether the end of the source is cut off. */
  readonly isCut?: boolean;
}

/** What is kept of a judged pair: its loss while the model trains, its translation once the model writes. */
export type JudgedPair = { readonly group: string | undefined } & (
  | { readonly lossSum: number; readonly tokens: number }
  | TranslationPair
);

export interface Translation {
  readonly translation: string;
  /** Whether only the beginning of the source was read, since it is too long. */
  readonly isSourceCut: boolean;
  /** Whether the translation reached its longest length before its end. */
  readonly isTranslationCut: boolean;
}

export type Translator = Task<SentencePair, SourceText, EncodedPair, JudgedPair, Translation>;

export interface TranslatorOptions {
  readonly tokenizer: Tokenizer;
  readonly settings: TranslatorSettings;
  readonly generation: GenerationConfig;
}

export const translatorSettings = z.object({
  cleaning: z.enum(textCleanings),
  prefix: z.string(),
  /** Tokens of a source that the model looks at, and of a target that it learns. */
  maxLength: z.int(),
});

export type TranslatorSettings = z.output<typeof translatorSettings>;

/** The file in which a task is saved beside its tokenizer and `generation_config.json`. */
export const translatorFile = "task.json";

export function translator({ tokenizer, settings, generation }: TranslatorOptions): Translator {
  const { prefix, maxLength } = settings;
  const clean = textCleaning(settings.cleaning);
  const decode = sequenceDecoder(tokenizer, generation);
  return {
    prepare(input) {
      const source = `${prefix}${clean(input.text)}`;
      const { ids } = tokenizer.encode(source, { maxLength });
      if ("target" in input) return { ids, labels: tokenizer.encode(input.target, { maxLength }).ids };
      return { ids, isCut: tokenizer.encode(source, { maxLength: maxLength + 1 }).ids.length > maxLength };
    },
    collate(examples) {
      const labels = examples.flatMap(({ labels }) => (labels ? [{ ids: labels }] : []));
      const isLabelled = labels.length === examples.length;
      return {
        ...padTogether(examples, tokenizer),
        // What is not to be learnt has the label -100; whether a source is cut, only who asks wants to know.
        ...(isLabelled
          ? { labels: padTogether(labels, { padId: -100 }).input_ids }
          : { source_cut: flags(examples.map(({ isCut }) => isCut ?? false)) }),
      };
    },
    cached: true,
    lengthOf: ({ ids, labels }) => ids.length + (labels?.length ?? 0),
    outcomes: (inputs, outputs, rows) =>
      outputs.sequences
        ? sequencesOf(outputs).map((sequence, i) => pairOf(rows[i]!, decode(sequence)))
        : lossesOf(inputs, outputs).map((loss, i) => ({ group: rows[i]!.group, ...loss })),
    measure,
    respond(outputs) {
      return sequencesOf(outputs).map((sequence, i) => ({
        ...decode(sequence),
        isSourceCut: outputs.source_cut?.data[i] === 1,
      }));
    },
    features({ text }, { translation, isTranslationCut }) {
      const source = textFeatures(text);
      const written = textFeatures(translation);
      return {
        ...prefixed("source", source),
        ...prefixed("translation", written),
        // A model that has lost its way repeats itself, or says nothing.
        length_ratio: written.characters / Math.max(source.characters, 1),
        translation_cut: isTranslationCut ? "yes" : "no",
      };
    },
    async save(folder) {
      await tokenizer.save(folder);
      await saveGenerationConfig(folder, generation);
      await writeFile(join(folder, translatorFile), `${JSON.stringify(settings, null, 2)}\n`);
    },
    mistakes: worstFirst,
    judge: pairOf,
    judgedBy: { metric: "bleu", goal: "maximise" },
    report: (outcomes) => {
      const pairs = outcomes.filter((outcome) => "hypothesis" in outcome);
      return [bleuLine(bleu(pairs)), chrfLine(chrf(pairs))];
    },
  };
}

const prefixed = (prefix: string, features: TextFeatures) =>
  Object.fromEntries(Object.entries(features).map(([name, value]) => [`${prefix}_${name}`, value]));

const flags = (values: readonly boolean[]): NdArray<"bool"> => ({
  dtype: "bool",
  shape: [values.length],
  data: Uint8Array.from(values, Number),
});

/** The text of a sequence that a model wrote, from its start token on; without an end it was cut. */
function sequenceDecoder(tokenizer: Tokenizer, { eos_token_id: end }: GenerationConfig) {
  return (sequence: readonly number[]): Omit<Translation, "isSourceCut"> => {
    const written = sequence.slice(1);
    const ends = written.indexOf(end);
    const text = tokenizer.decode(ends < 0 ? written : written.slice(0, ends), { skipSpecialTokens: true });
    return { translation: text.trim(), isTranslationCut: ends < 0 };
  };
}

/** Rows of `sequences` [batch, longest]. */
function sequencesOf({ sequences }: NdArrays): number[][] {
  const [rows, length] = sequences!.shape as [number, number];
  return Array.from({ length: rows }, (_, row) =>
    Array.from(sequences!.data.subarray(row * length, (row + 1) * length), Number),
  );
}

/** Of each row the sum over its tokens, and their number. */
function lossesOf({ labels }: NdArrays, { row_losses }: NdArrays): { lossSum: number; tokens: number }[] {
  const [rows, length] = labels!.shape as [number, number];
  return Array.from({ length: rows }, (_, row) => ({
    lossSum: Number(row_losses!.data[row]),
    tokens: countTokens((labels!.data as BigInt64Array).subarray(row * length, (row + 1) * length)),
  }));
}

/** Tokens of targets that are learnt: all but the padding. */
export const countTokens = (labels: BigInt64Array): number =>
  labels.reduce((count, label) => count + Number(label !== -100n), 0);

const pairOf = (
  { group, target }: SentencePair,
  { translation }: Pick<Translation, "translation">,
): JudgedPair => ({ group, hypothesis: translation, references: [target] });

/** The loss of a token while the model trains; BLEU and chrF of what it writes, of all rows and of each group. */
function measure(outcomes: readonly JudgedPair[]): Record<string, number> {
  const whole = measureAlike(outcomes);
  const groups = Map.groupBy(outcomes, ({ group }) => group);
  if (groups.size < 2) return whole;
  const parts = [...groups].flatMap(([group, some]) =>
    Object.entries(measureAlike(some)).map(([name, value]) => [`${name}_${group}`, value] as const),
  );
  return { ...whole, ...Object.fromEntries(parts) };
}

function measureAlike(outcomes: readonly JudgedPair[]): Record<string, number> {
  const pairs = outcomes.filter((outcome) => "hypothesis" in outcome);
  if (pairs.length > 0) return { bleu: bleu(pairs).score, chrf: chrf(pairs).score };
  const losses = outcomes.filter((outcome) => "lossSum" in outcome);
  const tokens = losses.reduce((sum, { tokens }) => sum + tokens, 0);
  return { loss: losses.reduce((sum, { lossSum }) => sum + lossSum, 0) / tokens };
}

/** Translations that are not their reference, with their chrF, the worst ones first. */
const worstFirst = (rows: readonly SentencePair[], outcomes: readonly JudgedPair[]): TableRow[] =>
  outcomes
    .flatMap((outcome, i) => {
      if (!("hypothesis" in outcome)) return [];
      const { text, target, group } = rows[i]!;
      const { hypothesis: translation } = outcome;
      if (translation === target) return [];
      return [{ source: text, target, translation, ...(group && { group }), chrf: chrf([outcome]).score }];
    })
    .sort((a, b) => a.chrf - b.chrf);
