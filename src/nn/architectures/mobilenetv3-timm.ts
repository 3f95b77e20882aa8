/** timm's `mobilenetv3_small_*`: the same network with other channels at other widths, and other names. */
import { z } from "zod";
import { type BlockLayout, type Mobilenetv3Layout, roundChannels, smallBlocks } from "./mobilenetv3.ts";

/** Settings of timm's `mobilenetv3_small_*`. */
export const timmMobilenetv3Config = z.looseObject({
  channel_multiplier: z.number().positive().default(1),
  num_classes: z.int().positive().default(1000),
  drop_rate: z.number().min(0).lt(1).default(0),
  bn: z
    .object({ eps: z.number().positive(), momentum: z.number().min(0).max(1) })
    .default({ eps: 1e-5, momentum: 0.1 }),
});

export type TimmMobilenetv3Config = z.output<typeof timmMobilenetv3Config>;

/** timm expands a block's rounded input, keeps the stem of narrow networks, and never scales the embedding. */
export function timmMobilenetv3Layout(config: TimmMobilenetv3Config): Mobilenetv3Layout {
  const { channel_multiplier: width, drop_rate, bn } = config;
  const stem = width < 0.75 ? 16 : roundChannels(16 * width);
  const inputs = [16, ...smallBlocks.map(([, , output]) => output)];
  const channels = [stem, ...smallBlocks.map(([, , output]) => roundChannels(output * width))];
  const blocks = smallBlocks.map(([kernel, expanded, , squeezes, activation, stride], i): BlockLayout => {
    const wide = roundChannels(channels[i]! * (expanded / inputs[i]!));
    const squeezed = squeezes ? roundChannels(wide / 4) : undefined;
    return { kernel, stride, expanded: wide, squeezed, output: channels[i + 1]!, activation };
  });
  return {
    stem,
    blocks,
    pooled: roundChannels(576 * width),
    embedding: 1024,
    dropout: drop_rate,
    batchNorm: { epsilon: bn.eps, momentum: bn.momentum },
  };
}

/** The blocks of timm's stages; torchvision counts them through. */
const stages = [[0], [1, 2], [3, 4, 5], [6, 7], [8, 9, 10]] as const;

/** timm's names of the parts of a block, in torchvision's order: convolution and normalisation, or one name. */
function partNames(squeezes: boolean, expands: boolean): (readonly [string, string] | "se")[] {
  const excitation = squeezes ? (["se"] as const) : [];
  return expands
    ? [["conv_pw", "bn1"], ["conv_dw", "bn2"], ...excitation, ["conv_pwl", "bn3"]]
    : [["conv_dw", "bn1"], ...excitation, ["conv_pw", "bn2"]];
}

const squeezeNames: Readonly<Record<string, string>> = { fc1: "conv_reduce", fc2: "conv_expand" };

/** timm's name of a parameter with torchvision's name: features.1.block.0.1.bias is blocks.0.0.bn1.bias. */
export function timmName(name: string): string {
  const [first, index, ...rest] = name.split(".") as [string, string, ...string[]];
  const leaf = rest.at(-1)!;
  if (first === "classifier") return `${index === "0" ? "conv_head" : "classifier"}.${leaf}`;
  const block = Number(index) - 1;
  if (block < 0) return `${rest[0] === "0" ? "conv_stem" : "bn1"}.${leaf}`;
  const stage = stages.findIndex((blocks) => (blocks as readonly number[]).includes(block));
  if (stage < 0) return `blocks.${stages.length}.0.${rest[0] === "0" ? "conv" : "bn1"}.${leaf}`;
  const [, part, inner] = rest as [string, string, string];
  const names = partNames(smallBlocks[block]![3], block > 0)[Number(part)]!;
  const named = names === "se" ? `se.${squeezeNames[inner]}` : names[Number(inner)];
  return `blocks.${stage}.${block - stages[stage]![0]}.${named}.${leaf}`;
}
