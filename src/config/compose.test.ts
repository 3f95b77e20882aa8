// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are interpolations of a configuration
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import { writtenFolder } from "./written-folder.ts";

const reviews = {
  "config.yaml": `defaults:
  - _self_
  - model: small
  - optimizer: adamw
  - training: default

seed: 1
name: \${model.name}-\${seed}
`,
  "model/small.yaml": "name: small\nlayers: 2\ndropout: 0.3\n",
  "model/large.yaml": "defaults:\n  - small\n\nname: large\nlayers: 6\n",
  "optimizer/adamw.yaml": "learningRate: 1e-4\nbetas: [0.9, 0.999]\n",
  "optimizer/sgd.yaml": "learningRate: 0.1\n",
  "training/default.yaml": "epochs: 3\n",
};

describe("a project's folder", () => {
  test("is one configuration, each group under its name", () => {
    const { values, choices } = compose(writtenFolder(reviews));
    expect(values).toEqual({
      seed: 1,
      name: "small-1",
      model: { name: "small", layers: 2, dropout: 0.3 },
      optimizer: { learningRate: 1e-4, betas: [0.9, 0.999] },
      training: { epochs: 3 },
    });
    expect(choices).toEqual({ model: "small", optimizer: "adamw", training: "default" });
  });

  test("takes other choices, values, additions and removals", () => {
    const overrides = [
      "model=large",
      "model.dropout=0.5",
      "+note=two words",
      "~training",
      "~optimizer.betas",
    ];
    const composition = compose(writtenFolder(reviews), { overrides });
    expect(composition.values).toEqual({
      seed: 1,
      name: "large-1",
      model: { name: "large", layers: 6, dropout: 0.5 },
      optimizer: { learningRate: 1e-4 },
      note: "two words",
    });
    expect(composition.choices).toEqual({ model: "large", optimizer: "adamw" });
    expect(composition.overrides).toEqual(overrides);
  });

  test("remembers what set each value", () => {
    const composition = compose(writtenFolder(reviews), {
      overrides: ["model=large", "optimizer.betas=[0.8,0.9]"],
    });
    expect(composition.sourceOf("model.layers")).toBe("conf/model/large.yaml:5");
    expect(composition.sourceOf("model.dropout")).toBe("conf/model/small.yaml:3");
    expect(composition.sourceOf(["optimizer", "betas", 1])).toBe("override optimizer.betas=[0.8,0.9]");
    expect(composition.sourceOf("seed")).toBe("conf/config.yaml:7");
    expect(composition.sourceOf("nothing")).toBeUndefined();
  });

  test("what an interpolation brings in was set where it stands", () => {
    const composition = compose(writtenFolder({ "config.yaml": "a: {x: 1}\nb: ${a}\n'dotted.key': 2\n" }));
    expect(composition.values.b).toEqual({ x: 1 });
    expect(composition.sourceOf("b.x")).toBe("conf/config.yaml:2");
    expect(composition.sourceOf(["dotted.key"])).toBe("conf/config.yaml:3");
  });

  test("prints as YAML with everything resolved", () => {
    expect(compose(writtenFolder(reviews)).print()).toMatchInlineSnapshot(`
      "seed: 1
      name: small-1
      model:
        name: small
        layers: 2
        dropout: 0.3
      optimizer:
        learningRate: 0.0001
        betas:
          - 0.9
          - 0.999
      training:
        epochs: 3
      "
    `);
  });

  test("a printed configuration composes to itself", () => {
    const composition = compose(writtenFolder(reviews), { overrides: ["model=large"] });
    const again = compose(writtenFolder({ "config.yaml": composition.print() }));
    expect(again.values).toEqual(composition.values);
  });
});

describe("what does not fit is refused, all of it at once", () => {
  const refused = (...overrides: string[]) => {
    const folder = writtenFolder(reviews);
    return expect(() => compose(folder, { overrides, command: "havn train movie-reviews" }));
  };

  test("choices that do not exist", () => {
    refused("model=smal", "optimizer=lion").toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override model=smal: model must be one of large, small, got smal; did you mean model=small?
      override optimizer=lion: optimizer must be one of adamw, sgd, got lion]
    `);
  });

  test("keys that do not exist", () => {
    refused(
      "model.dropuot=0.5",
      "epochs=4",
      "modle=small",
      "optimizer.betas.2=1",
      "db/engine=x",
    ).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override model.dropuot=0.5: model.dropuot is unknown; did you mean model.dropout=0.5? To add it, type +model.dropuot=0.5
      override epochs=4: epochs is unknown; did you mean training.epochs=4? To add it, type +epochs=4
      override modle=small: modle is unknown; did you mean model=small? To add it, type +modle=small
      override optimizer.betas.2=1: optimizer.betas.2 does not exist: optimizer.betas is a list of 2 items; to change its length, set it as a whole
      override db/engine=x: db/engine is not a group; known are model, optimizer, training]
    `);
  });

  test("additions of what is there, removals of what is not", () => {
    refused("+seed=2", "~seed=2", "~sede", "~model.width").toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override +seed=2: seed exists already, as 1 from conf/config.yaml:7; to change it, type seed=2
      override ~seed=2: seed is 1, set by conf/config.yaml:7, so this removes nothing
      override ~sede: sede is unknown; did you mean ~seed?
      override ~model.width: model.width is unknown; known are model.name, model.layers, model.dropout]
    `);
  });

  test("groups that are chosen as a value is, and values that replace what they cannot", () => {
    refused("model=null", "++optimizer=sgd").toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override model=null: model must be the name of a file in the group, or a list of names; to leave the group out, type ~model
      override ++optimizer=sgd: optimizer is a group: type optimizer=NAME to choose, +optimizer=NAME to add it]
    `);
    refused("optimizer.betas={a:1}").toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override optimizer.betas={a:1}: optimizer.betas must hold a list as in conf/optimizer/adamw.yaml:2, got keys]`,
    );
  });

  test("several values in a single run", () => {
    refused("training.epochs=1,3").toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: training.epochs=1,3 has several values, but this is a single run. Did you mean
        havn train movie-reviews training.epochs=1,3 --multirun    one run for each value
        havn train movie-reviews 'training.epochs=[1,3]'           one run with a list
        havn train movie-reviews 'training.epochs="1,3"'           one run with a text]
    `);
  });

  test("a folder without its primary file", () => {
    expect(() => compose(writtenFolder({ "confg.yaml": "" }))).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: config conf/config.yaml: this file does not exist; did you mean confg?]`,
    );
    expect(() => compose("nowhere/conf")).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: config nowhere/conf/config.yaml: this file does not exist; there is no such folder]`,
    );
  });

  test("files that are no YAML, each with its place", () => {
    const folder = writtenFolder({
      ...reviews,
      "model/small.yaml": "a: [",
      "training/default.yaml": "epochs: 1\nepochs: 2",
    });
    expect(() => compose(folder)).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: config conf/model/small.yaml:1:5: flow sequence in block collection must be sufficiently indented and end with a ]
          a: [
              ^
      config conf/training/default.yaml:2:1: this key is given twice
          epochs: 2
          ^]
    `);
  });
});

describe("a folder that is shared", () => {
  const shared = "shared-groups";
  const composed = (overrides: string[] = []) => {
    const root = writtenFolder({
      "own/config.yaml":
        "defaults:\n  - optimizer: adamw\n  - training: default\n  - _self_\n\ntraining:\n  epochs: 5\n",
      "own/training/short.yaml": "epochs: 1\nbatch: 8\n",
      [`${shared}/optimizer/adamw.yaml`]: "rate: 0.1\n",
      [`${shared}/optimizer/sgd.yaml`]: "rate: 1\n",
      [`${shared}/training/default.yaml`]: "epochs: 3\nbatch: 16\n",
      [`${shared}/training/short.yaml`]: "epochs: 2\n",
    });
    return compose(`${root}/own`, { shared: `${root}/${shared}`, overrides });
  };

  test("stands in for what the folder has not", () => {
    expect(composed().values).toEqual({ optimizer: { rate: 0.1 }, training: { epochs: 5, batch: 16 } });
    expect(composed(["optimizer=sgd"]).values).toMatchObject({ optimizer: { rate: 1 } });
  });

  test("stands back where the folder has its own", () => {
    expect(composed(["training=short"]).values).toMatchObject({ training: { epochs: 5, batch: 8 } });
  });

  test("is named by places and by messages", () => {
    expect(composed().sourceOf("optimizer.rate")).toBe("shared-groups/optimizer/adamw.yaml:1");
    expect(composed().sourceOf("training.epochs")).toBe("own/config.yaml:7");
    expect(() => composed(["optimizer=sdg"])).toThrow(/sgd/);
  });
});
