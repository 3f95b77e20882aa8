/** T5 (Raffel et al. 2020), as Hugging Face defines `T5ForConditionalGeneration`. */
import {
  add,
  attentionBias,
  causalMask,
  equal,
  matmul,
  shiftRight,
  type Tensor,
  type TrainingPass,
  unsqueeze,
  where,
} from "../../tensor/index.ts";
import { dropoutAt, Embedding, hidePadding, Linear, layerEnd } from "../layers.ts";
import { Module } from "../module.ts";
import type {
  DecoderStepInputs,
  KeysAndValues,
  Seq2Seq,
  Seq2SeqInputs,
  Seq2SeqOutputs,
  SpecialTokens,
} from "../seq2seq.ts";
import type { TokenInputs } from "../sequence-classifier.ts";
import type { T5Config } from "./t5-config.ts";
import { LayerCrossAttention, LayerFF, LayerNorm, LayerSelfAttention } from "./t5-layers.ts";
import { type RelativeBuckets, relativePositionBias, relativePositions } from "./t5-relative-position.ts";

class EncoderBlock extends Module {
  readonly layer: readonly [LayerSelfAttention, LayerFF];

  constructor(config: T5Config, hasPositions: boolean) {
    super();
    this.layer = [new LayerSelfAttention(config, hasPositions), new LayerFF(config)];
  }

  forward(x: Tensor, bias: Tensor, pass?: TrainingPass): Tensor {
    const [attention, feedForward] = this.layer;
    return feedForward.forward(attention.forward(x, bias, pass), pass);
  }
}

class DecoderBlock extends Module {
  readonly layer: readonly [LayerSelfAttention, LayerCrossAttention, LayerFF];

  constructor(config: T5Config, hasPositions: boolean) {
    super();
    this.layer = [
      new LayerSelfAttention(config, hasPositions),
      new LayerCrossAttention(config),
      new LayerFF(config),
    ];
  }

  forward(x: Tensor, source: KeysAndValues, biases: DecoderBiases, pass?: TrainingPass): Tensor {
    const [attention, cross, feedForward] = this.layer;
    const attended = attention.forward(x, biases.self, pass);
    return feedForward.forward(cross.forward(attended, source, biases.source, pass), pass);
  }

  step(x: Tensor, past: KeysAndValues, source: KeysAndValues, biases: DecoderBiases) {
    const [attention, cross, feedForward] = this.layer;
    const { state, written } = attention.step(x, past, biases.self);
    return { state: feedForward.forward(cross.forward(state, source, biases.source)), written };
  }
}

/** What is added to the scores of the decoder's two kinds of attention. */
interface DecoderBiases {
  readonly self: Tensor;
  readonly source: Tensor;
}

/** Blocks of one kind between dropout and a last normalisation. */
abstract class Stack<Block extends EncoderBlock | DecoderBlock> extends Module {
  readonly block: readonly Block[];
  readonly final_layer_norm: LayerNorm;
  protected readonly rate: number;
  readonly #buckets: RelativeBuckets;

  constructor(config: T5Config, block: readonly Block[], { bidirectional }: { bidirectional: boolean }) {
    super();
    this.block = block;
    this.final_layer_norm = new LayerNorm(config);
    this.rate = config.dropout_rate;
    this.#buckets = {
      bidirectional,
      count: config.relative_attention_num_buckets,
      maxDistance: config.relative_attention_max_distance,
    };
  }

  /** @param positions int64 [batch, target, source] @returns [batch, heads, target, source] */
  positionBias(positions: Tensor): Tensor {
    const { weight } = this.block[0]!.layer[0].SelfAttention.relative_attention_bias!;
    return relativePositionBias(weight, positions, this.#buckets);
  }

  protected finish(x: Tensor, pass?: TrainingPass): Tensor {
    return dropoutAt(this.rate, this.final_layer_norm.forward(x), pass);
  }
}

class Encoder extends Stack<EncoderBlock> {
  constructor(config: T5Config) {
    const blocks = Array.from({ length: config.num_layers }, (_, i) => new EncoderBlock(config, i === 0));
    super(config, blocks, { bidirectional: true });
  }

  /**
   * @param embedded [batch, source, hidden]
   * @returns states of the embeddings and each block, the last one normalised
   */
  forward(embedded: Tensor, mask: Tensor, pass?: TrainingPass): Tensor[] {
    const length = embedded.dim(1);
    const bias = add(this.positionBias(relativePositions(length, length)), hidePadding(mask));
    const states = [layerEnd(dropoutAt(this.rate, embedded, pass), pass)];
    for (const block of this.block) states.push(layerEnd(block.forward(states.at(-1)!, bias, pass), pass));
    return [...states.slice(0, -1), this.finish(states.at(-1)!, pass)];
  }
}

class Decoder extends Stack<DecoderBlock> {
  constructor(config: T5Config) {
    const layers = config.num_decoder_layers ?? config.num_layers;
    const blocks = Array.from({ length: layers }, (_, i) => new DecoderBlock(config, i === 0));
    super(config, blocks, { bidirectional: false });
  }

  /** Keys and values of the source for each block. */
  readSource(states: Tensor): KeysAndValues[] {
    return this.block.map(({ layer: [, cross] }) => cross.EncDecAttention.read(states));
  }

  /**
   * @param embedded [batch, target, hidden]
   * @returns states of the embeddings and each block, the last one normalised
   */
  forward(
    embedded: Tensor,
    source: readonly KeysAndValues[],
    biases: DecoderBiases,
    pass?: TrainingPass,
  ): Tensor[] {
    const states = [layerEnd(dropoutAt(this.rate, embedded, pass), pass)];
    for (const [i, block] of this.block.entries())
      states.push(layerEnd(block.forward(states.at(-1)!, source[i]!, biases, pass), pass));
    return [...states.slice(0, -1), this.finish(states.at(-1)!, pass)];
  }

  /** @param embedded [batch, beams, hidden] @returns the last state, normalised, and what each block wrote */
  step(
    embedded: Tensor,
    past: readonly KeysAndValues[],
    source: readonly KeysAndValues[],
    biases: DecoderBiases,
  ): { state: Tensor; written: KeysAndValues[] } {
    const written: KeysAndValues[] = [];
    let state = embedded;
    for (const [i, block] of this.block.entries()) {
      const result = block.step(state, past[i]!, source[i]!, biases);
      state = result.state;
      written.push(result.written);
    }
    return { state: this.finish(state), written };
  }
}

/** T5 with a head that predicts tokens: by default the embeddings themselves. */
export class T5ForConditionalGeneration extends Module implements Seq2Seq {
  readonly shared: Embedding;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly lm_head: Linear | undefined;
  readonly #config: T5Config;

  constructor(config: T5Config) {
    super();
    const { vocab_size, d_model, initializer_factor: deviation } = config;
    this.shared = new Embedding(vocab_size, d_model, { deviation });
    this.encoder = new Encoder(config);
    this.decoder = new Decoder(config);
    this.lm_head = config.tie_word_embeddings
      ? undefined
      : new Linear(d_model, vocab_size, { deviation, bias: false });
    this.#config = config;
  }

  get tokens(): SpecialTokens {
    const { decoder_start_token_id: start, eos_token_id: end, pad_token_id: padding } = this.#config;
    return { start, end, padding };
  }

  get caches() {
    const { num_heads: heads, d_kv: depth } = this.#config;
    return this.decoder.block.map(() => ({ heads, depth }));
  }

  forward(inputs: Seq2SeqInputs, pass?: TrainingPass): Seq2SeqOutputs {
    const { input_ids, attention_mask, decoder_input_ids } = inputs;
    const encoderStates = this.encoder.forward(this.shared.forward(input_ids), attention_mask, pass);
    const length = decoder_input_ids.dim(1);
    const positions = this.decoder.positionBias(relativePositions(length, length));
    const decoderStates = this.decoder.forward(
      this.shared.forward(decoder_input_ids),
      this.decoder.readSource(encoderStates.at(-1)!),
      { self: add(positions, attentionBias(causalMask(length))), source: hidePadding(attention_mask) },
      pass,
    );
    return { logits: this.#head(decoderStates.at(-1)!), encoderStates, decoderStates };
  }

  decoderInputs(labels: Tensor): Tensor {
    const { start, padding } = this.tokens;
    const shifted = shiftRight(labels, { first: start });
    return where(equal(shifted, -100), padding, shifted);
  }

  readSource({ input_ids, attention_mask }: TokenInputs): KeysAndValues[] {
    const states = this.encoder.forward(this.shared.forward(input_ids), attention_mask);
    return this.decoder.readSource(states.at(-1)!);
  }

  step({ tokens, visible, positions, past, source, attention_mask }: DecoderStepInputs) {
    const hidden = unsqueeze(attentionBias(visible), 1);
    const biases = {
      self: add(this.decoder.positionBias(unsqueeze(positions, 1)), hidden),
      source: hidePadding(attention_mask),
    };
    const { state, written } = this.decoder.step(this.shared.forward(tokens), past, source, biases);
    return { logits: this.#head(state), written };
  }

  #head(states: Tensor): Tensor {
    const { d_model, tie_word_embeddings: isTied, scale_decoder_outputs: isScaled = isTied } = this.#config;
    const { weight } = this.lm_head ?? this.shared;
    return matmul(states, weight, { transB: true, scale: isScaled ? d_model ** -0.5 : 1 });
  }
}
