/** Sequences that a model writes: greedy search and beam search, with cached keys and values. */
export type { Generated, SearchOptions } from "./beam-search.ts";
export {
  type GenerationConfig,
  generationConfig,
  readGenerationConfig,
  saveGenerationConfig,
  searchOptions,
} from "./generation-config.ts";
export {
  type GenerateOptions,
  type Generator,
  type GeneratorOptions,
  openGenerator,
  type Tokens,
} from "./generator.ts";
export { type GenerationPrograms, generationPrograms } from "./programs.ts";
