/** `npm run bench -- drift`: a drift report over a large table. */
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { driftReport, type Table } from "../src/monitoring/index.ts";

interface Options {
  readonly rows: number;
  readonly referenceRows: number;
  readonly columns: number;
  readonly json?: boolean;
}

export function addDriftCommand(program: Command): void {
  program
    .command("drift")
    .description("a drift report over a large table: its tests, summaries and histograms")
    .option("--rows <n>", "of the current data", count, 1_000_000)
    .option("--reference-rows <n>", "of the reference", count, 1_000_000)
    .option("--columns <n>", "three in ten are categories", count, 10)
    .option("--json", "prints one JSON object")
    .action(({ rows, referenceRows, columns, json }: Options) => {
      const reference = tableOf(referenceRows, columns, 0);
      const current = tableOf(rows, columns, 0.05);
      const start = performance.now();
      const { driftedColumns } = driftReport(reference, current);
      const seconds = (performance.now() - start) / 1000;
      const residentBytes = process.memoryUsage().rss;
      const words = `${columns} columns of ${referenceRows} and ${rows} rows: ${seconds.toFixed(2)} s`;
      console.log(json ? JSON.stringify({ seconds, driftedColumns, residentBytes }) : words);
    });
}

/** Sums of two waves of the row's number, whole numbers, and categories: many values, in no order. */
function tableOf(rows: number, columns: number, shift: number): Table {
  const wave = (i: number, column: number) => Math.sin(i * (column + 2.1)) + Math.sin(i * 0.37) + shift;
  const entries = Array.from({ length: columns }, (_, column) => {
    const name = `column_${column}`;
    if (column % 10 >= 7) {
      const categories = 5 ** ((column % 10) - 6);
      return [name, Array.from({ length: rows }, (_, i) => `value ${(i * 7919) % categories}`)] as const;
    }
    const digits = column % 10 === 3 ? 10 : 1e9;
    return [
      name,
      Float64Array.from({ length: rows }, (_, i) => Math.round(wave(i, column) * digits) / digits),
    ] as const;
  });
  return Object.fromEntries(entries);
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number above 0");
  return value;
}
