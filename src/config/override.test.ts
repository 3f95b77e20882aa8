import { describe, expect, test } from "vitest";
import { keyOf, parseOverrides } from "./override.ts";

test.each([
  ["model=small", "change", "model", undefined],
  ["training.epochs=3", "change", "training.epochs", undefined],
  ["layers[0].width=3", "change", "layers[0].width", undefined],
  ["+note=test", "add", "note", undefined],
  ["++note=test", "force", "note", undefined],
  ["~optimizer", "delete", "optimizer", undefined],
  ["db/engine=innodb", "change", "db/engine", undefined],
  ["+db@backup=mysql", "add", "db", "backup"],
])("%s", (typed, action, key, home) => {
  const [override] = parseOverrides([typed]);
  expect(override).toMatchObject({ action, key, package: home, typed });
  expect(keyOf(override!).replace("=", "")).toBe(typed.split("=")[0]);
});

describe("what cannot be read is refused, all of it at once", () => {
  test("with the form that was expected, or the text in quotes as it is typed in a shell", () => {
    expect(() =>
      parseOverrides(["epochs", "a b=1", "=3", "note=it's", "title=a=b", "xs=[1,,2]", "good=1"]),
    ).toThrowErrorMatchingInlineSnapshot(`
      [ConfigError: override epochs: there is no =; an override has the form key=value, +key=value, ++key=value or ~key
      override a b=1: a b is not a key; an override has the form key=value, +key=value, ++key=value or ~key
      override =3: =3 is not a key; an override has the form key=value, +key=value, ++key=value or ~key
      override note=it's: the quote ' is not closed, at 's; to mean the text itself, type "note=\\"it's\\""
      override title=a=b: = must be quoted or escaped, at =b; to mean the text itself, type 'title="a=b"'
      override xs=[1,,2]: , must be quoted or escaped, at ,2]; to mean the text itself, type 'xs="[1,,2]"']
    `);
  });
});
