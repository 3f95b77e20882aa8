import { describe, expect, test } from "vitest";
import { parseConfigFile } from "./config-file.ts";
import { type ConfigNode, plainValue, select } from "./config-tree.ts";

const read = (text: string) => parseConfigFile(text, "conf/config.yaml");
const valuesIn = (text: string) => plainValue(read(text).content);
const placeOf = (node: ConfigNode, ...path: string[]) => select(node, path)?.place;

describe("values", () => {
  test("are those of YAML 1.2's core schema", () => {
    expect(valuesIn("rate: 1e-4\ncount: 0x10\nlimit: .inf\nyes: no\nnone: ~\ntext: '1'\nempty:")).toEqual({
      rate: 1e-4,
      count: 16,
      limit: Number.POSITIVE_INFINITY,
      yes: "no",
      none: null,
      text: "1",
      empty: null,
    });
  });

  test("know their line", () => {
    const { content } = read("a: 1\nb:\n  c: 2\n\n  d:\n    - x\n    - y: 3\n");
    expect(placeOf(content, "a")).toBe("conf/config.yaml:1");
    expect(placeOf(content, "b", "c")).toBe("conf/config.yaml:3");
    expect(placeOf(content, "b", "d", "0")).toBe("conf/config.yaml:6");
    expect(placeOf(content, "b", "d", "1", "y")).toBe("conf/config.yaml:7");
  });

  test("come through anchors and merge keys", () => {
    expect(valuesIn("base: &base {x: 1, y: 2}\nsmall:\n  <<: *base\n  y: 3\nsame: *base")).toEqual({
      base: { x: 1, y: 2 },
      small: { x: 1, y: 3 },
      same: { x: 1, y: 2 },
    });
  });

  test("of an empty file are none", () => {
    expect(valuesIn("")).toEqual({});
    expect(valuesIn("# a comment\n")).toEqual({});
  });

  test("may have any key, numbers and __proto__ among them", () => {
    expect(Object.entries(valuesIn("1: a\n__proto__: b") ?? {})).toEqual([
      ["1", "a"],
      ["__proto__", "b"],
    ]);
  });
});

test("the defaults list and the package stand apart from the keys", () => {
  const file = read("# @package _global_\n\ndefaults:\n  - model: small\nseed: 1");
  expect(file.package).toBe("_global_");
  expect(plainValue(file.content)).toEqual({ seed: 1 });
  expect(plainValue(file.defaults!)).toEqual([{ model: "small" }]);
  expect(read("seed: 1\n# @package late").package).toBeUndefined();
});

test("mistakes name line and column and show the line", () => {
  const mistakes = {
    "a map in a map": "model:\n  name: a: b\n",
    "a key twice": "seed: 1\nmodel: x\nseed: 2\n",
    "an open list": "seed: 1\nxs: [1, 2\n",
    "a tab": "model:\n\tname: a\n",
    "a tag": "model: !!python/name:os.system x\n",
    "a list": "- a\n- b\n",
    "a key that is a list": "? [a, b]\n: 1\n",
    "a number too large": "seed: 12345678901234567890\n",
    "an alias to itself": "a: &a\n  b: *a\n",
    "an unknown alias": "a: *b\n",
    "a merge key without a map": "a: 1\n<<: 3\n",
  };
  const messages = Object.entries(mistakes).map(([name, text]) => {
    try {
      return `${name} was read as ${JSON.stringify(valuesIn(text))}`;
    } catch (error) {
      return `${name}\n${String(error)}`;
    }
  });
  expect(messages.join("\n\n")).toMatchInlineSnapshot(`
    "a map in a map
    ConfigError: config conf/config.yaml:2:9: nested mappings are not allowed in compact mappings
          name: a: b
                ^

    a key twice
    ConfigError: config conf/config.yaml:3:1: this key is given twice
        seed: 2
        ^

    an open list
    ConfigError: config conf/config.yaml:2:10: flow sequence in block collection must be sufficiently indented and end with a ]
        xs: [1, 2
                 ^

    a tab
    ConfigError: config conf/config.yaml:2:1: tabs are not allowed as indentation
        	name: a
        ^

    a tag
    ConfigError: config conf/config.yaml:1:8: unresolved tag: tag:yaml.org,2002:python/name:os.system
        model: !!python/name:os.system x
               ^

    a list
    ConfigError: config conf/config.yaml: must hold keys with values, got a list

    a key that is a list
    ConfigError: config conf/config.yaml:1: a key must be a word or a number

    a number too large
    ConfigError: config conf/config.yaml:1: 12345678901234567890 is too large to be held exactly; quote it to keep it as text

    an alias to itself
    ConfigError: config conf/config.yaml:2: *a contains itself

    an unknown alias
    ConfigError: config conf/config.yaml:1: *b names no anchor &b above it

    a merge key without a map
    ConfigError: config conf/config.yaml:2: << must name a map, such as <<: *defaults"
  `);
});
