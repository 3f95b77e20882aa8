import { describe, expect, test } from "vitest";
import { Trainer } from "../tensor/execution/trainer.ts";
import {
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  input,
  int64,
  type NdArrays,
} from "../tensor/index.ts";
import { addLora, isLora, mergeLora } from "./lora.ts";
import { initialize, namedParameters } from "./module.ts";
import { sequenceClassifier } from "./sequence-classifier.ts";

// Weights large enough that a model which is frozen but for its adapters has something to say.
const initializer_range = 0.3;
const tiny = {
  initializer_range,
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
};
const configs: Record<string, { config: Record<string, unknown>; targets: string[] }> = {
  distilbert: {
    config: {
      model_type: "distilbert",
      initializer_range,
      vocab_size: 40,
      dim: 16,
      n_layers: 2,
      n_heads: 2,
      hidden_dim: 24,
    },
    targets: ["q_lin", "v_lin"],
  },
  roberta: { config: { model_type: "roberta", ...tiny }, targets: ["query", "value", "dense"] },
};

const symbols = {
  input_ids: input("input_ids", "int64", ["batch", "sequence"]),
  attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
};
const labels = input("labels", "int64", ["batch"]);
const batch: NdArrays = {
  input_ids: int64([2, 4], [3, 4, 5, 6, 7, 8, 9, 1]),
  attention_mask: int64([2, 4], [1, 1, 1, 1, 1, 1, 1, 0]),
  labels: int64([2], [0, 1]),
};

/** A repeatable stream of numbers from 0 to 1. */
const stream = () => {
  let state = 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
};

describe.each(Object.entries(configs))("adapters of %s", (_name, { config, targets }) => {
  const options = { rank: 3, alpha: 6, targets };

  test("change nothing at first, train alone, and merge into weights that compute the same", async () => {
    const plain = sequenceClassifier(config, 2);
    const plainParameters = namedParameters(plain);
    const adapted = sequenceClassifier(config, 2);
    addLora(adapted, options);
    const parameters = namedParameters(adapted);
    const first = initialize(parameters, stream());
    const frozen = new Set([...parameters.keys()].filter((name) => !isLora(name)));
    const { logits } = adapted.forward(symbols);
    const trainer = await Trainer.start({
      training: compileTraining(crossEntropy(logits, labels), { parameters, frozen }),
      evaluation: compile({ logits }, { parameters }),
      parameters: first,
      optimizer: adamw(),
      seed: 0,
    });
    const ofPlain = async (weights: ReturnType<typeof mergeLora>) => {
      const program = compile({ logits: plain.forward(symbols).logits }, { parameters: plainParameters });
      const other = await Trainer.start({
        training: compileTraining(crossEntropy(plain.forward(symbols).logits, labels), {
          parameters: plainParameters,
        }),
        evaluation: program,
        parameters: weights,
        optimizer: adamw(),
        seed: 0,
      });
      const answer = [...((await other.evaluate(batch)).logits!.data as Float32Array)];
      await other.close();
      return answer;
    };
    const answerOf = async () => [...((await trainer.evaluate(batch)).logits!.data as Float32Array)];
    const close = (a: number[], b: number[]) =>
      a.forEach((value, i) => {
        expect(value).toBeCloseTo(b[i]!, 5);
      });

    const before = await answerOf();
    close(before, await ofPlain(mergeLora(first, options)));
    const losses: number[] = [];
    for (let step = 0; step < 20; step++)
      losses.push((await trainer.step([batch], { learningRate: 0.05 })).loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    const { parameters: trained, slots } = trainer.state();
    expect([...slots.get("first_moment")!.keys()].every(isLora)).toBe(true);
    for (const name of frozen) expect(trained.get(name), name).toEqual(first.get(name));
    expect(await answerOf()).not.toEqual(before);
    const merged = mergeLora(trained, options);
    expect([...merged.keys()]).toEqual([...plainParameters.keys()]);
    close(await answerOf(), await ofPlain(merged));
    await trainer.close();
  });

  test("need layers that exist", () => {
    const model = sequenceClassifier(config, 2);
    expect(() => addLora(model, { ...options, targets: ["q_proj"] })).toThrow(
      /^the model has no linear layer q_proj; there are .*classifier|out_proj/,
    );
  });
});
