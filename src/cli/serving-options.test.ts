import { Command } from "commander";
import { expect, test } from "vitest";
import { type ServingOptions, shutdownMs, withServingOptions } from "./serving-options.ts";

const parse = (...args: string[]): ServingOptions =>
  withServingOptions(new Command("serve").exitOverride().configureOutput({ writeErr: () => {} }))
    .parse(args, { from: "user" })
    .opts();

test("a service that ends waits for as long as any request may take", () => {
  expect(shutdownMs(parse())).toBeGreaterThan(30_000);
  expect(shutdownMs(parse("--deadline-ms", "500"))).toBeGreaterThan(500);
  expect(shutdownMs(parse("--deadline-ms", "500"))).toBeLessThan(5000);
});

test("numbers that make no sense are refused with those that do", () => {
  expect(() => parse("--max-batch", "0")).toThrow("must be a whole number from 1");
  expect(() => parse("--deadline-ms", "soon")).toThrow("must be a number from 1");
  expect(() => parse("--log-sample", "2")).toThrow("must be from 0 to 1");
});
