/** CLIP's image encoder (Radford et al. 2021), as Hugging Face defines `CLIPVisionModelWithProjection`. */
import { z } from "zod";
import {
  add,
  concat,
  constant,
  conv2d,
  expand,
  gelu,
  Parameter,
  permute,
  quickGelu,
  reshape,
  select,
  type Tensor,
  type TrainingPass,
} from "../../tensor/index.ts";
import { normal } from "../initializers.ts";
import { attention, Embedding, LayerNorm, Linear, layerEnd } from "../layers.ts";
import { Module } from "../module.ts";

const activations = { quick_gelu: quickGelu, gelu };

/** The keys of config.json that the architecture reads; others are kept as they are. */
export const clipVisionConfig = z
  .looseObject({
    model_type: z.literal("clip_vision_model"),
    hidden_size: z.int().positive().default(768),
    intermediate_size: z.int().positive().default(3072),
    projection_dim: z.int().positive().default(512),
    num_hidden_layers: z.int().positive().default(12),
    num_attention_heads: z.int().positive().default(12),
    num_channels: z.int().positive().default(3),
    image_size: z.int().positive().default(224),
    patch_size: z.int().positive().default(32),
    hidden_act: z.enum(["quick_gelu", "gelu"]).default("quick_gelu"),
    layer_norm_eps: z.number().positive().default(1e-5),
    attention_dropout: z.number().min(0).lt(1).default(0),
    initializer_range: z.number().positive().default(0.02),
    initializer_factor: z.number().positive().default(1),
  })
  .refine(({ image_size, patch_size }) => image_size % patch_size === 0, {
    error: "patch_size must divide image_size",
    path: ["patch_size"],
  });

export type ClipVisionConfig = z.output<typeof clipVisionConfig>;

/** Standard deviations of first values: those of layers that feed the residual stream shrink with the depth. */
function deviations({ hidden_size, num_hidden_layers, initializer_factor: factor }: ClipVisionConfig) {
  const plain = factor * hidden_size ** -0.5;
  return { plain, residual: plain * (2 * num_hidden_layers) ** -0.5, wide: plain * 2 ** -0.5 };
}

class Patches extends Module {
  readonly weight: Parameter;

  constructor({
    hidden_size,
    num_channels,
    patch_size,
    initializer_range,
    initializer_factor,
  }: ClipVisionConfig) {
    super();
    const deviation = initializer_range * initializer_factor;
    this.weight = new Parameter([hidden_size, num_channels, patch_size, patch_size], normal(deviation));
  }

  /** @param images [batch, channels, height, width] @returns [batch, patches, hidden], row by row */
  forward(images: Tensor): Tensor {
    const [hidden, , size] = this.weight.shape as [number, number, number];
    const patches = conv2d(images, this.weight, undefined, { stride: size });
    const count = Number(patches.dim(2)) * Number(patches.dim(3));
    return permute(reshape(patches, [images.dim(0), hidden, count]), [0, 2, 1]);
  }
}

class Embeddings extends Module {
  readonly class_embedding: Parameter;
  readonly patch_embedding: Patches;
  readonly position_embedding: Embedding;

  constructor(config: ClipVisionConfig) {
    super();
    const { hidden_size, image_size, patch_size, initializer_range, initializer_factor } = config;
    this.class_embedding = new Parameter([hidden_size], normal(deviations(config).plain));
    this.patch_embedding = new Patches(config);
    this.position_embedding = new Embedding((image_size / patch_size) ** 2 + 1, hidden_size, {
      deviation: initializer_range * initializer_factor,
    });
  }

  /** @returns [batch, 1 + patches, hidden]: the class first, then the patches */
  forward(images: Tensor): Tensor {
    const patches = this.patch_embedding.forward(images);
    const first = expand(this.class_embedding, [images.dim(0), 1, patches.dim(2)]);
    return add(concat([first, patches], 1), this.position_embedding.weight);
  }
}

class SelfAttention extends Module {
  readonly k_proj: Linear;
  readonly v_proj: Linear;
  readonly q_proj: Linear;
  readonly out_proj: Linear;
  readonly #heads: number;
  readonly #rate: number;

  constructor(config: ClipVisionConfig) {
    super();
    const { hidden_size: width, num_attention_heads, attention_dropout } = config;
    const { plain, residual } = deviations(config);
    this.k_proj = new Linear(width, width, { deviation: residual });
    this.v_proj = new Linear(width, width, { deviation: residual });
    this.q_proj = new Linear(width, width, { deviation: residual });
    this.out_proj = new Linear(width, width, { deviation: plain });
    this.#heads = num_attention_heads;
    this.#rate = attention_dropout;
  }

  forward(x: Tensor, pass?: TrainingPass): Tensor {
    // Every patch may look at every other: nothing is added to the scores (ONNX Runtime drops the addition of 0).
    const options = { heads: this.#heads, bias: constant(0), rate: this.#rate, pass };
    return this.out_proj.forward(
      attention(this.q_proj.forward(x), this.k_proj.forward(x), this.v_proj.forward(x), options),
    );
  }
}

class FeedForward extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly #activation: (x: Tensor) => Tensor;

  constructor(config: ClipVisionConfig) {
    super();
    const { hidden_size, intermediate_size, hidden_act } = config;
    const { wide, residual } = deviations(config);
    this.fc1 = new Linear(hidden_size, intermediate_size, { deviation: wide });
    this.fc2 = new Linear(intermediate_size, hidden_size, { deviation: residual });
    this.#activation = activations[hidden_act];
  }

  forward(x: Tensor): Tensor {
    return this.fc2.forward(this.#activation(this.fc1.forward(x)));
  }
}

class EncoderLayer extends Module {
  readonly self_attn: SelfAttention;
  readonly layer_norm1: LayerNorm;
  readonly mlp: FeedForward;
  readonly layer_norm2: LayerNorm;

  constructor(config: ClipVisionConfig) {
    super();
    const { hidden_size, layer_norm_eps: epsilon } = config;
    this.self_attn = new SelfAttention(config);
    this.layer_norm1 = new LayerNorm(hidden_size, { epsilon });
    this.mlp = new FeedForward(config);
    this.layer_norm2 = new LayerNorm(hidden_size, { epsilon });
  }

  /** Norm before each part, so that the sum itself is never normalised. */
  forward(x: Tensor, pass?: TrainingPass): Tensor {
    const attended = add(x, this.self_attn.forward(this.layer_norm1.forward(x), pass));
    return add(attended, this.mlp.forward(this.layer_norm2.forward(attended)));
  }
}

class Encoder extends Module {
  readonly layers: readonly EncoderLayer[];

  constructor(config: ClipVisionConfig) {
    super();
    this.layers = Array.from({ length: config.num_hidden_layers }, () => new EncoderLayer(config));
  }

  /** @returns the input and the output of each layer */
  forward(x: Tensor, pass?: TrainingPass): Tensor[] {
    const states = [layerEnd(x, pass)];
    for (const layer of this.layers) states.push(layerEnd(layer.forward(states.at(-1)!, pass), pass));
    return states;
  }
}

class VisionTransformer extends Module {
  readonly embeddings: Embeddings;
  /** Spelt as in every published checkpoint. */
  readonly pre_layrnorm: LayerNorm;
  readonly encoder: Encoder;
  readonly post_layernorm: LayerNorm;

  constructor(config: ClipVisionConfig) {
    super();
    const { hidden_size, layer_norm_eps: epsilon } = config;
    this.embeddings = new Embeddings(config);
    this.pre_layrnorm = new LayerNorm(hidden_size, { epsilon });
    this.encoder = new Encoder(config);
    this.post_layernorm = new LayerNorm(hidden_size, { epsilon });
  }

  /** @returns the hidden states, and the normalised state of the class [batch, hidden] */
  forward(images: Tensor, pass?: TrainingPass): { hiddenStates: Tensor[]; pooled: Tensor } {
    const embedded = this.pre_layrnorm.forward(this.embeddings.forward(images));
    const hiddenStates = this.encoder.forward(embedded, pass);
    return { hiddenStates, pooled: this.post_layernorm.forward(select(hiddenStates.at(-1)!, 1, 0)) };
  }
}

export interface ClipVisionOutputs {
  /** [batch, projection], comparable with CLIP's embeddings of texts */
  readonly imageEmbeds: Tensor;
  /** Of the embeddings and each layer: [batch, 1 + patches, hidden] */
  readonly hiddenStates: readonly Tensor[];
}

/** CLIP's image encoder with its projection into the space that images and texts share. */
export class ClipVisionModelWithProjection extends Module {
  readonly vision_model: VisionTransformer;
  readonly visual_projection: Linear;

  constructor(config: ClipVisionConfig) {
    super();
    this.vision_model = new VisionTransformer(config);
    this.visual_projection = new Linear(config.hidden_size, config.projection_dim, {
      deviation: deviations(config).plain,
      bias: false,
    });
  }

  /** @param images [batch, channels, image_size, image_size], normalised */
  forward(images: Tensor, pass?: TrainingPass): ClipVisionOutputs {
    const { hiddenStates, pooled } = this.vision_model.forward(images, pass);
    return { imageEmbeds: this.visual_projection.forward(pooled), hiddenStates };
  }
}
