/** An epoch of a project's training with batches grouped by length, against padding everything to the longest. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Batch, type Loader, lengthGroups, openLoader, seededRandom } from "../src/data/index.ts";
import { withoutDecay } from "../src/nn/index.ts";
import {
  loadingFrom,
  loadProject,
  type Project,
  type ProjectConfig,
  projectConfig,
} from "../src/tasks/index.ts";
import {
  adamw,
  compile,
  compileTraining,
  type NdArrays,
  startTraining,
  TrainingPass,
  type TrainingSession,
} from "../src/tensor/index.ts";
import { padTogether } from "../src/text/index.ts";

export interface EpochFigures {
  readonly project: string;
  /** Of an epoch as it is trained: grouped by length, loaded ahead of the step. */
  readonly groupedSeconds: number;
  /** Share of these seconds in which the step waited for data. */
  readonly dataWaitShare: number;
  /** Preparation of what is kept, before the first epoch. */
  readonly preparationSeconds: number;
  /** Missing where all examples are equally long. */
  readonly padded?: PaddedFigures;
}

interface PaddedFigures {
  readonly seconds: number;
  /** How many times as fast an epoch of grouped batches is. */
  readonly speedup: number;
  /** Share of the positions that are padding. */
  readonly paddingGrouped: number;
  readonly paddingPadded: number;
}

/** @param overrides of the project's configuration, such as `model=distilbert-base` */
export async function measureEpoch(name: string, overrides: readonly string[]): Promise<EpochFigures> {
  const project = await loadProject(name, { root: fileURLToPath(new URL("../", import.meta.url)) });
  const config = projectConfig(project, overrides, { command: `npm run bench -- epoch --project ${name}` });
  const { training } = config.common;
  const context = { folder: project.folder, seed: config.common.seed };
  const task = await project.task.create(config.task, context);
  const { rows } = (await project.task.read(config.task, context)).train;
  const folder = await mkdtemp(join(tmpdir(), "havn-epoch-"));
  await task.save(folder);
  const loader = openLoader(task, { train: rows }, { ...loadingFrom(project, folder, training), seed: 1 });
  const session = await openSession(project, config, rows);
  try {
    const prepared = performance.now();
    const lengths = await loader.lengths("train");
    const preparationSeconds = (performance.now() - prepared) / 1000;
    const groups = lengthGroups(lengths, training.batch_size, { seed: 1, epoch: 0 });
    await runEpoch(session, loader.batches("train", groups.slice(0, 5)));
    const grouped = await runEpoch(session, loader.batches("train", groups, { epoch: 0 }));
    const figures = {
      ...{ project: name, preparationSeconds },
      groupedSeconds: grouped.seconds,
      dataWaitShare: grouped.waitedSeconds / grouped.seconds,
    };
    if (task.streamed) return figures;
    const padded = await padEverything(loader, lengths, training.batch_size);
    await runEpoch(session, padded.slice(0, 5));
    const { seconds } = await runEpoch(session, padded);
    return {
      ...figures,
      padded: {
        ...{ seconds, speedup: seconds / grouped.seconds },
        paddingGrouped: paddingOf(await inputsOf(loader, groups)),
        paddingPadded: paddingOf(padded.map(({ inputs }) => inputs)),
      },
    };
  } finally {
    await session.close();
    await loader.close();
    await rm(folder, { recursive: true });
  }
}

async function openSession(
  project: Project,
  { task, common }: ProjectConfig,
  rows: readonly unknown[],
): Promise<TrainingSession> {
  const model = await project.task.model(task, { folder: project.folder, seed: common.seed }, rows);
  const pass = new TrainingPass();
  const { loss } = model.forward(pass);
  return startTraining({
    training: compileTraining(loss, { parameters: model.parameters, updates: pass.updates }),
    evaluation: compile({ loss: model.forward().loss }, { parameters: model.parameters }),
    parameters: new Map(model.weights),
    optimizer: adamw(),
    withoutDecay: withoutDecay(model.parameters),
    seed: 1,
  });
}

/** Steps over all batches, and how long they waited for them. */
async function runEpoch(
  session: TrainingSession,
  batches: AsyncIterable<Batch> | Iterable<Batch>,
): Promise<{ readonly seconds: number; readonly waitedSeconds: number }> {
  const start = performance.now();
  let waitedMs = 0;
  let asked = start;
  for await (const { inputs } of batches) {
    waitedMs += performance.now() - asked;
    await session.step([inputs], { learningRate: 1e-5 });
    asked = performance.now();
  }
  return { seconds: (performance.now() - start) / 1000, waitedSeconds: waitedMs / 1000 };
}

async function inputsOf(loader: Loader<"train">, groups: readonly number[][]): Promise<NdArrays[]> {
  const all: NdArrays[] = [];
  for await (const { inputs } of loader.batches("train", groups)) all.push(inputs);
  return all;
}

/** Batches in a random order, every text as long as the longest of all. */
async function padEverything(
  loader: Loader<"train">,
  lengths: readonly number[],
  batchSize: number,
): Promise<Batch[]> {
  const shuffled = seededRandom(1).shuffle(lengths.keys());
  const groups = Array.from({ length: Math.ceil(shuffled.length / batchSize) }, (_, i) =>
    shuffled.slice(i * batchSize, (i + 1) * batchSize),
  );
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const inputs = await inputsOf(loader, groups);
  return groups.map((rows, i) => ({ rows, inputs: padTo(inputs[i]!, longest) }));
}

/** The same texts, every one as long as the longest of all. */
function padTo({ input_ids, attention_mask, ...rest }: NdArrays, length: number): NdArrays {
  const [rows, width] = input_ids!.shape as [number, number];
  const ids = Array.from({ length: rows }, (_, row) =>
    [...input_ids!.data.subarray(row * width, (row + 1) * width)]
      .filter((_, column) => Number(attention_mask!.data[row * width + column]) === 1)
      .map(Number),
  );
  const longest = { ids: new Array<number>(length).fill(0) };
  const { input_ids: all, attention_mask: mask } = padTogether(
    [...ids.map((row) => ({ ids: row })), longest],
    { padId: 0 },
  );
  const cut = (array: typeof all) => ({
    ...array,
    shape: [rows, length],
    data: array.data.slice(0, rows * length),
  });
  return { input_ids: cut(all), attention_mask: cut(mask), ...rest };
}

function paddingOf(batches: readonly NdArrays[]): number {
  const masks = batches.map(({ attention_mask }) => attention_mask!.data as BigInt64Array);
  const positions = masks.reduce((sum, mask) => sum + mask.length, 0);
  const tokens = masks.reduce(
    (sum, mask) => sum + mask.reduce((count, value) => count + Number(value), 0),
    0,
  );
  return 1 - tokens / positions;
}
