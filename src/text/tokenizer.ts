/** Token ids of one text or pair of texts. */
export interface Encoding {
  readonly ids: readonly number[];
  /** 0 for the first text, 1 for its pair; all 0 in models that do not know segments. */
  readonly typeIds: readonly number[];
}

export interface EncodeOptions {
  /** Most tokens of the result, special tokens included; unlimited unless given. */
  readonly maxLength?: number;
  /** A second text, such as the hypothesis of a premise. */
  readonly pair?: string;
  /** Whether [CLS], [SEP] and their like frame the text; true unless given. */
  readonly addSpecialTokens?: boolean;
  /** Which text of a pair gives way: token by token the longer one (default), or only the first. */
  readonly truncation?: "longest_first" | "only_first";
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** Number of ids: one more than the largest. */
  readonly size: number;
  /** Id that fills up the shorter texts of a batch. */
  readonly padId: number;
  /** @throws {TextError} when `maxLength` leaves no room for the special tokens. */
  encode(text: string, options?: EncodeOptions): Encoding;
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string;
  /** Writes the files of a Hugging Face tokenizer, which `loadTokenizer` and the Python library read. */
  save(folder: string): Promise<void>;
}
