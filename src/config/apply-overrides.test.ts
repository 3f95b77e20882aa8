import { describe, expect, test } from "vitest";
import { applyOverrides } from "./apply-overrides.ts";
import { nodeOf, plainValue } from "./config-tree.ts";
import { parseOverrides } from "./override.ts";

const values = { layers: [{ width: 1 }, { width: 2 }], xs: [1, 2], nothing: null, text: "a", map: { a: 1 } };
const applied = (...overrides: string[]) =>
  plainValue(applyOverrides(nodeOf(values, "conf/config.yaml"), parseOverrides(overrides), ["model"]));

// What Hydra 1.3 answers to the same overrides.
describe("overrides of values follow Hydra", () => {
  test.each([
    ["layers.0.width=5", { layers: [{ width: 5 }, { width: 2 }] }],
    ["+layers.0.height=5", { layers: [{ width: 1, height: 5 }, { width: 2 }] }],
    ["xs.1=9", { xs: [1, 9] }],
    ["xs=[3]", { xs: [3] }],
    ["+xs=[3]", { xs: [3] }],
    ["nothing=3", { nothing: 3 }],
    ["+nothing=3", { nothing: 3 }],
    ["+nothing.a=3", { nothing: { a: 3 } }],
    ["+text.a=1", { text: { a: 1 } }],
    ["text={a:1}", { text: { a: 1 } }],
    ["text=", { text: "" }],
    ["map={a:{b:1}}", { map: { a: { b: 1 } } }],
    ["map={}", { map: { a: 1 } }],
    ["+map={b:2}", { map: { a: 1, b: 2 } }],
    ["++map={a:2,b:3}", { map: { a: 2, b: 3 } }],
    ["map=null", { map: null }],
    ["map=5", { map: 5 }],
    ["++text=b", { text: "b" }],
    ["++new.deep=1", { new: { deep: 1 } }],
  ])("%s", (override, changed) => {
    expect(applied(override)).toEqual({ ...values, ...changed });
  });

  test("removals", () => {
    expect(applied("~xs", "~layers.0.width", "~map={a:1}", "~text=a")).toEqual({
      layers: [{}, { width: 2 }],
      nothing: null,
    });
  });

  test("the last one wins", () => {
    expect(applied("text=b", "text=c")).toEqual({ ...values, text: "c" });
  });

  test.each([
    "text.a=1",
    "+text=b",
    "map={b:1}",
    "map.a.b=1",
    "xs={a:1}",
    "++map=[1]",
    "xs.2=9",
    "++xs.2=9",
    "+xs.a=1",
    "layers.0.height=1",
    "~text=b",
    "~missing",
    "text@home=1",
  ])("%s is refused", (override) => {
    expect(() => applied(override)).toThrow(`override ${override}: `);
  });
});

test("beyond Hydra, an index may stand in brackets, and items and nulls can be removed", () => {
  expect(applied("layers[1].width=5", "~xs.0", "~nothing")).toEqual({
    layers: [{ width: 1 }, { width: 5 }],
    xs: [2],
    text: "a",
    map: { a: 1 },
  });
});

test("the given values stay as they are", () => {
  const node = nodeOf(values, "conf/config.yaml");
  applyOverrides(node, parseOverrides(["map.a=2", "~xs", "layers.0.width=9"]), []);
  expect(plainValue(node)).toEqual(values);
});
