/** `havn models quantize` and `havn models export`: a version smaller, and a version elsewhere. */
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  exportVersion,
  loadProject,
  type ModelVariant,
  quantizeVersion,
  resumedConfig,
  versionFolder,
} from "../../tasks/index.ts";
import { type Precision, precisions } from "../../tensor/index.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { homeOption } from "../home-option.ts";
import { parseVersion } from "./parse-version.ts";

interface VariantOptions extends CommonOptions {
  readonly precision?: Precision;
  readonly sparsity: number;
}

interface QuantizeOptions extends VariantOptions {
  readonly precision: Precision;
  readonly maxDrop: number;
}

interface ExportOptions extends VariantOptions {
  readonly to: string;
}

const precisionOption = () =>
  new Option(
    "--precision <precision>",
    "how weights are stored: float16 halves the file, int8 quarters it and is faster",
  ).choices(precisions);

const sparsityOption = () =>
  new Option("--sparsity <share>", "share of the weights that become zero, the smallest of each tensor")
    .argParser(parseSparsity)
    .default(0);

export function addQuantizeCommand(models: Command): void {
  withVersion(models.command("quantize"))
    .description("registers a smaller variant of a version, unless it is worse on the validation split")
    .addOption(precisionOption().makeOptionMandatory())
    .addOption(sparsityOption())
    .option("--max-drop <drop>", "by how much the metric may be worse", parseDrop, 0.01)
    .action((model: string, number: number, options: QuantizeOptions) =>
      withContext(options, async ({ store, terminal }) => {
        const { project, version, config } = await find(model, number, store);
        const { precision, sparsity, maxDrop } = options;
        const quantized = await quantizeVersion(project, version, {
          ...{ store, config, precision, sparsity, maxDrop },
        });
        const made = quantized.version;
        const outcome =
          made === undefined
            ? `not registered: ${quantized.metric} is worse by ${digits(quantized.drop)}, and --max-drop allows ${maxDrop}`
            : `registered as version ${made}; serve it with\n  npx havn models promote ${model} ${made}${homeOption(options)}`;
        terminal.result(`${describe(quantized)}\n\n${outcome}`, quantized);
        if (made === undefined) process.exitCode = 1;
      }),
    );
}

export function addExportCommand(models: Command): void {
  withVersion(models.command("export"))
    .description("copies a version as one ONNX file with all that prepares its inputs")
    .requiredOption("--to <folder>", "where to; empty or not there yet")
    .addOption(precisionOption())
    .addOption(sparsityOption())
    .action((model: string, number: number, { to, ...options }: ExportOptions) =>
      withContext(options, async ({ store, terminal }) => {
        const { project, version, config } = await find(model, number, store);
        const { precision, sparsity } = options;
        const exported = await exportVersion(project, version, {
          ...{ store, config, to, sparsity },
          ...(precision && { precision }),
        });
        terminal.result(`${describe(exported)}\n\n${to}: ${exported.files.join(", ")}`, exported);
      }),
    );
}

const withVersion = (command: Command): Command =>
  withCommonOptions(command).argument("<model>").argument("<version>", "number of the version", parseVersion);

/** A version, its project, and the configuration that it was trained with. */
async function find(model: string, number: number, store: Parameters<typeof resumedConfig>[2]) {
  const version = await store.getModelVersion(model, number);
  const { runId } = versionFolder(version);
  const run = await store.getRun(runId);
  const project = await loadProject(run.tags["havn.project"] ?? model);
  return { version, project, config: await resumedConfig(project, run, store) };
}

/** Both models side by side, and what pruning left of each tensor. */
function describe({
  from,
  precision,
  sparsity,
  metric,
  original,
  variant,
  drop,
  pruned,
}: ModelVariant): string {
  const name = sparsity > 0 ? `${precision}, sparsity ${sparsity}` : precision;
  const cells = [
    ["", `version ${from}`, name],
    ["size", megabytes(original.sizeBytes), megabytes(variant.sizeBytes)],
    ["latency of one input", milliseconds(original.latencyMs), milliseconds(variant.latencyMs)],
    [`validation ${metric}`, digits(original.metrics[metric]!), digits(variant.metrics[metric]!)],
  ];
  const zeros = pruned.map(({ name, shape, zeros, elements }) => [
    ...[name, `[${shape.join(", ")}]`, `${((100 * zeros) / elements).toFixed(1)} % zero`],
  ]);
  const change = `${metric} is ${drop > 0 ? `worse by ${digits(drop)}` : drop < 0 ? `better by ${digits(-drop)}` : "the same"}`;
  return [table(cells), change, ...(zeros.length > 0 ? ["", table(zeros)] : [])].join("\n");
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));
const milliseconds = (value: number): string => `${digits(value)} ms`;
const megabytes = (bytes: number): string => `${digits(bytes / 1e6)} MB`;

function parseSparsity(text: string): number {
  const share = Number(text);
  if (!(text.trim() && share >= 0 && share < 1)) throw new InvalidArgumentError("must be from 0 to below 1");
  return share;
}

function parseDrop(text: string): number {
  const drop = Number(text);
  if (!text.trim() || Number.isNaN(drop)) throw new InvalidArgumentError("must be a number such as 0.01");
  return drop;
}
