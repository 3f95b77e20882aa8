// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are interpolations of a configuration
import { describe, expect, test } from "vitest";
import { nodeOf } from "./config-tree.ts";
import type { JsonObject } from "./json.ts";
import { resolveInterpolations } from "./resolve-interpolations.ts";

const resolved = (values: JsonObject, environment: Record<string, string> = {}) =>
  resolveInterpolations(nodeOf(values, "conf/config.yaml"), environment);
const text = (value: string, values: JsonObject = {}, environment: Record<string, string> = {}) =>
  resolved({ ...values, value }, environment).value;

describe("an interpolation", () => {
  test("alone keeps the type of what it names", () => {
    expect(text("${a}", { a: 3 })).toBe(3);
    expect(text("${a}", { a: [1, { b: 2 }] })).toEqual([1, { b: 2 }]);
    expect(text("${a.b.0}", { a: { b: [null] } })).toBeNull();
  });

  test("among other text becomes text", () => {
    expect(text("${name}-${layers}, ${on}", { name: "small", layers: 2, on: true })).toBe("small-2, true");
  });

  test("follows what it names, however far that leads", () => {
    expect(resolved({ a: "${b}", b: "${c.d}", c: { d: "${e}", other: "${a}" }, e: 1 })).toEqual({
      a: 1,
      b: 1,
      c: { d: 1, other: 1 },
      e: 1,
    });
    expect(text("${link.x}", { link: "${target}", target: { x: 5 } })).toBe(5);
  });

  test("that starts with a dot is relative: one dot is beside the key, each further one a level up", () => {
    const values = {
      x: 0,
      model: { x: 1, encoder: { x: 2, same: "${.x}", up: "${..x}", top: "${...x}" } },
      xs: [7, "${.0}"],
    };
    expect(resolved(values)).toMatchObject({ model: { encoder: { same: 2, up: 1, top: 0 } }, xs: [7, 7] });
  });

  test("stays relative to where it was written when its map is taken elsewhere", () => {
    expect(resolved({ a: { x: 1, y: "${.x}" }, b: "${a}" }).b).toEqual({ x: 1, y: 1 });
  });

  test("a key with a dot in it is no path", () => {
    expect(resolved({ "a.b": 1, a: { b: 2 }, c: "${a.b}" })).toEqual({ "a.b": 1, a: { b: 2 }, c: 2 });
  });

  test("may stand in another", () => {
    expect(text("${sizes.${name}}", { name: "small", sizes: { small: 1 } })).toBe(1);
  });

  test("is left alone behind a backslash", () => {
    expect(text("\\${a}")).toBe("${a}");
    expect(text("\\\\${a}", { a: 1 })).toBe("\\1");
    expect(text("C:\\dir")).toBe("C:\\dir");
  });
});

describe("a resolver", () => {
  test("oc.env gives the text of a variable, or the default", () => {
    expect(text("${oc.env:PORT}", {}, { PORT: "8080" })).toBe("8080");
    expect(text("${oc.env:PORT,80}")).toBe("80");
    expect(text("${oc.env:PORT, 'a, b'}")).toBe("a, b");
    expect(text("${oc.env:PORT,null}")).toBeNull();
    expect(text("${oc.env:PORT,${port}}", { port: 5 })).toBe("5");
  });

  test("a variable's text is not read again", () => {
    expect(text("${oc.env:TRICK}", {}, { TRICK: "${value}" })).toBe("${value}");
  });

  test("oc.decode makes values of texts", () => {
    expect(text("${oc.decode:${oc.env:PORT,80}}")).toBe(80);
    expect(text("${oc.decode:${oc.env:LIST}}", {}, { LIST: "[1, a]" })).toEqual([1, "a"]);
  });

  test("oc.select gives the default for a key that is not there", () => {
    expect(text("${oc.select:a.b,10}")).toBe(10);
    expect(text("${oc.select:a.b}")).toBeNull();
    expect(text("${oc.select:a.b,10}", { a: { b: 2 } })).toBe(2);
  });
});

test("what cannot be resolved is reported once, at the key where it stands", () => {
  expect(() =>
    resolved({
      first: "${second}",
      second: "${first}",
      self: "${self}",
      parent: { child: "${parent}" },
      learningRate: 1,
      mistyped: "${learningrate}",
      follower: "${mistyped}",
      above: "${....x}",
      home: "${oc.env:HAVN_NOWHERE}",
      open: "${learningRate",
      empty: "${}",
      call: "${oc.evn:HOME}",
      many: "${oc.decode:1,2}",
      bad: "${oc.decode:'[1'}",
      given: "???",
      needs: "${given}",
      within: "a ${list}",
      list: [1],
    }),
  ).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: config conf/config.yaml: first: the interpolations run in a circle: first -> second -> first
    config conf/config.yaml: self: the interpolations run in a circle: self -> self
    config conf/config.yaml: parent: the interpolations run in a circle: parent -> parent.child -> parent
    config conf/config.yaml: mistyped: \${learningrate} names no key; did you mean learningRate?
    config conf/config.yaml: above: \${....x} leads above the root
    config conf/config.yaml: home: the environment variable HAVN_NOWHERE is not set; set it, or give a default: \${oc.env:HAVN_NOWHERE,default}
    config conf/config.yaml: open: \${learningRate is not closed by a }
    config conf/config.yaml: empty: \${} names no key
    config conf/config.yaml: call: oc.evn is not a resolver; known are oc.env, oc.decode, oc.select
    config conf/config.yaml: many: oc.decode is written \${oc.decode:text}, got 2 arguments
    config conf/config.yaml: bad: cannot read "[1": it ends too early
    config conf/config.yaml: needs: \${given} has no value yet: type given=VALUE
    config conf/config.yaml: within: \${list} is a list and cannot stand within text]
  `);
});
