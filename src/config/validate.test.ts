import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { compose } from "./compose.ts";
import { ConfigError } from "./config-error.ts";
import { validate } from "./validate.ts";
import { writtenFolder } from "./written-folder.ts";

const optimizer = z.discriminatedUnion("name", [
  z.object({ name: z.literal("adamw"), betas: z.tuple([z.number(), z.number()]).default([0.9, 0.999]) }),
  z.object({ name: z.literal("sgd"), momentum: z.number().min(0).lt(1) }),
]);
const schema = z.object({
  model: z.object({
    layers: z.int().positive(),
    dropout: z.number().min(0).max(1),
    activation: z.enum(["gelu", "relu"]).default("gelu"),
  }),
  optimizer: optimizer.default({ name: "adamw", betas: [0.9, 0.999] }),
  epochs: z.union([z.int().min(1), z.literal("auto")]).default(3),
  tags: z.array(z.string().min(1)).max(2).default([]),
  labels: z.record(z.string(), z.int()).default({}),
  extra: z.looseObject({ path: z.string() }).optional(),
});

const small = "layers: 2\n\ndropout: 0.3\n";
const checked = (config: string, model = small, overrides: string[] = []) =>
  validate(
    compose(
      writtenFolder({
        "config.yaml": `defaults: [_self_, model: small]\n${config}`,
        "model/small.yaml": model,
      }),
      {
        overrides,
      },
    ),
    schema,
  );

test("what fits comes back as the schema has it, defaults filled in", () => {
  const settings = checked("epochs: auto\nextra: {path: x, anything: 1}\nlabels: {good: 1}\n");
  expectTypeOf(settings.model.dropout).toEqualTypeOf<number>();
  expect(settings).toEqual({
    model: { layers: 2, dropout: 0.3, activation: "gelu" },
    optimizer: { name: "adamw", betas: [0.9, 0.999] },
    epochs: "auto",
    tags: [],
    labels: { good: 1 },
    extra: { path: "x", anything: 1 },
  });
});

describe("a problem has its key, the place that set it, what was expected and what came", () => {
  test("in a file", () => {
    expect(() => checked("", "layers: 2\n\ndropout: 1.5\n")).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: config conf/model/small.yaml:3: model.dropout must be between 0 and 1, got 1.5]`,
    );
  });

  test("in an override", () => {
    expect(() => checked("", small, ["model.dropout=high"])).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: override model.dropout=high: model.dropout must be a number between 0 and 1, got "high"]`,
    );
  });

  test("as data", () => {
    try {
      checked("", `${small}activation: relu\n`, ["model.activation=gleu"]);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error instanceof ConfigError && error.problems).toEqual([
        {
          code: "invalid-value",
          path: "model.activation",
          place: "override model.activation=gleu",
          expected: "one of gelu, relu",
          got: '"gleu"',
          nearest: "gelu",
          message: 'model.activation must be one of gelu, relu, got "gleu"; did you mean gelu?',
        },
      ]);
    }
  });
});

test("all problems come at once", () => {
  const config = `epochs: 0
seeed: 1
tags: [a, "", c]
labels: {good: yes}
optimizer: {name: sgd, momentum: 1, betas: [1, 2]}
extra: {}
`;
  expect(() => checked(config, "layers: 1.5\ndropuot: 0.3\n")).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: config conf/config.yaml:3: seeed is unknown; known are model, optimizer, epochs, tags, labels, extra
    config conf/config.yaml:6: optimizer.betas is unknown; known are optimizer.name, optimizer.momentum
    config conf/model/small.yaml:2: model.dropuot is unknown; did you mean model.dropout?
    config conf/model/small.yaml:1: model.layers must be an integer above 0, got 1.5
    config conf/model/small.yaml: model.dropout is missing, expected a number between 0 and 1; write it there or type +model.dropout=VALUE
    config conf/config.yaml:6: optimizer.momentum must be at least 0 and below 1, got 1
    config conf/config.yaml:2: epochs must be auto or an integer of at least 1, got 0
    config conf/config.yaml:4: tags must be a list of at most 2 items, got ["a","","c"]
    config conf/config.yaml:5: labels.good must be an integer, got "yes"
    config conf/config.yaml:7: extra.path is missing, expected a string; write it there or type +extra.path=VALUE]
  `);
});

test("a union expects any of its members", () => {
  expect(() => checked("epochs: many\n")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: config conf/config.yaml:2: epochs must be auto or an integer of at least 1, got "many"]`,
  );
  expect(() => checked("optimizer: {name: adam}\n")).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: config conf/config.yaml:2: optimizer.name must be one of adamw, sgd, got "adam"; did you mean adamw?]`,
  );
});

test("a value that is still ??? must be given", () => {
  expect(() => checked("", "layers: ???\ndropout: ???\n")).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: config conf/model/small.yaml:1: model.layers is missing, expected an integer above 0; write it there or type model.layers=VALUE
    config conf/model/small.yaml:2: model.dropout is missing, expected a number between 0 and 1; write it there or type model.dropout=VALUE]
  `);
  expect(checked("", "layers: ???\ndropout: 0\n", ["model.layers=1"]).model.layers).toBe(1);
});

test("a rule of the schema's own speaks for itself", () => {
  const schedule = z
    .object({ epochs: z.int(), warmup: z.int() })
    .refine(({ epochs, warmup }) => warmup < epochs, { path: ["warmup"], error: "must be below epochs" });
  const composition = compose(writtenFolder({ "config.yaml": "epochs: 3\nwarmup: 5\n" }));
  expect(() => validate(composition, schedule)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: config conf/config.yaml:2: warmup must be below epochs]`,
  );
  const anything = z.unknown().refine(() => false, "there is never a right configuration");
  expect(() => validate(composition, anything)).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: config conf/config.yaml: there is never a right configuration]`,
  );
});

const tree = z.object({
  name: z.string(),
  get children() {
    return z.array(tree).optional();
  },
});
const side = z.object({ size: z.number() }).meta({ id: "side" });

test.each([
  [z.number().gt(0).lt(1), "2", "value must be above 0 and below 1, got 2"],
  [z.number().min(1), "0", "value must be at least 1, got 0"],
  [z.number().max(1), "2", "value must be at most 1, got 2"],
  [z.number().multipleOf(2), "3", "value must be a multiple of 2, got 3"],
  [z.int().min(1).max(9), "many", 'value must be an integer between 1 and 9, got "many"'],
  [z.boolean(), "1", "value must be true or false, got 1"],
  [z.string().min(2).max(3), "a", 'value must be a string of 2 to 3 characters, got "a"'],
  [z.string().regex(/^v\d+$/), "a", 'value must be a string that matches ^v\\d+$, got "a"'],
  [z.url(), "a", 'value must be a URL, got "a"'],
  [z.array(z.int()).length(2), "[1]", "value must be a list of 2 items, got [1]"],
  [z.array(z.int()), "[a]", 'value.0 must be an integer, got "a"'],
  [z.number().nullable(), "a", 'value must be a number or null, got "a"'],
  [z.object({ a: z.int(), b: z.int().optional() }), "3", "value must be a map of a, b, got 3"],
  [
    z.union([z.object({ a: z.int() }), z.object({ b: z.int(), c: z.int() })]),
    "{a: x}",
    'value.a must be an integer, got "x"',
  ],
  [
    z.intersection(z.object({ a: z.int() }), z.object({ b: z.int() })),
    "{a: 1, c: 2}",
    "value.c is unknown; known are value.a, value.b\nvalue.b is missing, expected an integer; write it there or type +value.b=VALUE",
  ],
  [z.string().transform(Number), "3", "value must be a string, got 3"],
  [z.literal("on"), "off", 'value must be on, got "off"'],
  [
    tree,
    "{name: a, children: [{name: b, childern: []}]}",
    "value.children.0.childern is unknown; did you mean value.children.0.children?",
  ],
  [
    z.object({ left: side, right: side }),
    "{left: {size: 1}, right: {size: a}}",
    'value.right.size must be a number, got "a"',
  ],
  [z.date(), "a", "value: Invalid input: expected date, received string"],
  [
    z.lazy(() => z.object({ deeper: z.object({ size: z.int() }) })),
    "{deeper: {siez: 1, size: 1}}",
    "value.deeper.siez is unknown; did you mean value.deeper.size?",
  ],
])("the words for case %#", (value, given, words) => {
  const composition = compose(writtenFolder({ "config.yaml": `value: ${given}\n` }));
  const placed = words.split("\n").map((line) => `config conf/config.yaml:1: ${line}`);
  expect(() => validate(composition, z.object({ value }))).toThrow(placed.join("\n"));
});
