import { describe, expect, test } from "vitest";
import { parseOverrides } from "./override.ts";
import { expandSweeps, refuseSweeps } from "./sweeps.ts";
import { writtenFolder } from "./written-folder.ts";

describe("the runs of a sweep", () => {
  test("are the product of all values, the last one varying fastest", () => {
    expect(expandSweeps(["model=small,large", "seed=1", "+lr=choice(1e-4,1e-5)"])).toEqual([
      ["model=small", "seed=1", "+lr=1e-4"],
      ["model=small", "seed=1", "+lr=1e-5"],
      ["model=large", "seed=1", "+lr=1e-4"],
      ["model=large", "seed=1", "+lr=1e-5"],
    ]);
  });

  test("without several values are one", () => {
    expect(expandSweeps([])).toEqual([[]]);
    expect(expandSweeps(["xs=[1,2]", "~optimizer"])).toEqual([["xs=[1,2]", "~optimizer"]]);
  });

  test.each([
    ["seed=range(3)", ["0", "1", "2"]],
    ["seed=range(1,8,3)", ["1", "4", "7"]],
    ["seed=range(3,0,-1)", ["3", "2", "1"]],
    ["rate=range(0,0.4,0.1)", ["0", "0.1", "0.2", "0.3"]],
    ["rate=range(0,0.3,0.1)", ["0", "0.1", "0.2"]],
  ])("%s", (override, values) => {
    expect(expandSweeps([override])).toEqual(values.map((value) => [`${override.split("=")[0]}=${value}`]));
  });

  test("take the values that a key was given last", () => {
    expect(expandSweeps(["seed=1,2", "lr=1", "seed=3,4"])).toEqual([
      ["seed=3", "lr=1"],
      ["seed=4", "lr=1"],
    ]);
  });

  test("take the files of a group whose names match", () => {
    const folder = writtenFolder({
      "model/small.yaml": "",
      "model/small-wide.yaml": "",
      "model/large.yaml": "",
    });
    expect(expandSweeps(["model=glob(*)"], { folder })).toEqual([
      ["model=large"],
      ["model=small"],
      ["model=small-wide"],
    ]);
    expect(expandSweeps(["model=glob(small*, exclude=*wide)"], { folder })).toEqual([["model=small"]]);
    expect(() =>
      expandSweeps(["model=glob(x*)", "seed=glob(*)"], { folder }),
    ).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override model=glob(x*): no choice of model matches model=glob(x*): known are large, small, small-wide
      override seed=glob(*): glob chooses from the files of a group, and seed is none]
    `);
  });

  test("must have an end", () => {
    expect(() => expandSweeps(["lr=interval(0,1)", "seed=range(1e9)"])).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override lr=interval(0,1): an interval has no end of values; type lr=range(0,1,STEP) or lr=choice(...)
      override seed=range(1e9): a range of more than 10000 numbers is too long]
    `);
    expect(() => expandSweeps(["a=range(200)", "b=range(200)"])).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: this sweep has 40000 runs, the most is 10000]`,
    );
  });
});

describe("in a single run several values are refused with every reading of them", () => {
  const refuse = (...overrides: string[]) =>
    refuseSweeps(parseOverrides(overrides), "havn train movie-reviews");

  test("values with commas", () => {
    expect(() => refuse("epochs=1,3")).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: epochs=1,3 has several values, but this is a single run. Did you mean
        havn train movie-reviews epochs=1,3 --multirun    one run for each value
        havn train movie-reviews 'epochs=[1,3]'           one run with a list
        havn train movie-reviews 'epochs="1,3"'           one run with a text]
    `);
  });

  test("beside other overrides, which stay in the command", () => {
    expect(() => refuse("model=small", "name=it's,mine")).toThrow("is not closed");
    expect(() => refuse("model=small", "+tags=choice(a b, c)")).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: +tags=choice(a b, c) has several values, but this is a single run. Did you mean
        havn train movie-reviews model=small '+tags=choice(a b, c)' --multirun    one run for each value
        havn train movie-reviews model=small '+tags=[a b,c]'                      one run with a list
        havn train movie-reviews model=small '+tags="choice(a b, c)"'             one run with a text]
    `);
  });

  test("ranges", () => {
    expect(() => refuse("seed=range(3)")).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: seed=range(3) has several values, but this is a single run. Did you mean
        havn train movie-reviews 'seed=range(3)' --multirun    one run for each value
        havn train movie-reviews 'seed=[0,1,2]'                one run with a list
        havn train movie-reviews 'seed="range(3)"'             one run with a text]
    `);
    expect(() => refuse("lr=interval(0,1)")).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: lr=interval(0,1) has several values, but this is a single run. Did you mean
        havn train movie-reviews 'lr=range(0,1,STEP)' --multirun    one run for each value
        havn train movie-reviews 'lr="interval(0,1)"'               one run with a text]
    `);
  });

  test("without a command there are the overrides alone", () => {
    expect(() => refuseSweeps(parseOverrides(["epochs=1,3"]), "")).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: epochs=1,3 has several values, but this is a single run. Did you mean
        epochs=1,3 --multirun    one run for each value
        'epochs=[1,3]'           one run with a list
        'epochs="1,3"'           one run with a text]
    `);
  });
});
