import type { Tokenizer } from "./tokenizer.ts";
import type { TokenizerConfig } from "./tokenizer-json.ts";

/** A kind of tokenizer folder. */
export interface TokenizerFormat {
  /** The files by which it is known; `tokenizer_config.json` may stand beside them. */
  readonly files: readonly string[];
  /**
   * @param folder where the files are
   * @param config what tokenizer_config.json says, nothing if it is not there
   * @throws {TextError} when a file is not what it should be
   */
  open(folder: string, config: TokenizerConfig): Promise<Tokenizer>;
}
