/** An epoch of a project's training with batches grouped by length, against padding everything to the longest. */
import { fileURLToPath } from "node:url";
import { lengthGroups, seededRandom } from "../src/data/index.ts";
import { withoutDecay } from "../src/nn/index.ts";
import { loadProject, projectConfig } from "../src/tasks/index.ts";
import {
  adamw,
  compile,
  compileTraining,
  type NdArrays,
  startTraining,
  TrainingPass,
} from "../src/tensor/index.ts";
import { padTogether } from "../src/text/index.ts";

export interface EpochFigures {
  readonly project: string;
  readonly groupedSeconds: number;
  readonly paddedSeconds: number;
  /** How many times as fast an epoch of grouped batches is. */
  readonly speedup: number;
  /** Share of the positions that are padding. */
  readonly paddingGrouped: number;
  readonly paddingPadded: number;
}

/** @param overrides of the project's configuration, such as `model=distilbert-base` */
export async function measureEpoch(name: string, overrides: readonly string[]): Promise<EpochFigures> {
  const project = await loadProject(name, { root: fileURLToPath(new URL("../", import.meta.url)) });
  const { common, task: config } = projectConfig(project, overrides, {
    command: `npm run bench -- epoch --project ${name}`,
  });
  const context = { folder: project.folder, seed: common.seed };
  const task = await project.task.create(config, context);
  const { rows } = (await project.task.read(config, context)).train;
  const examples = rows.map((row) => task.prepare(row));
  const lengths = examples.map((example) => task.lengthOf(example));
  const model = await project.task.model(config, context, rows);
  const pass = new TrainingPass();
  const { loss } = model.forward(pass);
  const session = await startTraining({
    training: compileTraining(loss, { parameters: model.parameters, updates: pass.updates }),
    evaluation: compile({ loss: model.forward().loss }, { parameters: model.parameters }),
    parameters: new Map(model.weights),
    optimizer: adamw(),
    withoutDecay: withoutDecay(model.parameters),
    seed: 1,
  });
  const size = common.training.batch_size;
  const collate = (indexes: readonly number[]) => task.collate(indexes.map((index) => examples[index]!));
  const shuffled = seededRandom(1).shuffle(examples.keys());
  const inOrder = Array.from({ length: Math.ceil(shuffled.length / size) }, (_, i) =>
    shuffled.slice(i * size, (i + 1) * size),
  );
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const grouped = lengthGroups(lengths, size, { seed: 1, epoch: 0 }).map(collate);
  const padded = inOrder.map((indexes) => padTo(collate(indexes), longest));
  const epoch = async (batches: readonly NdArrays[]) => {
    const start = performance.now();
    for (const batch of batches) await session.step([batch], { learningRate: 1e-5 });
    return (performance.now() - start) / 1000;
  };
  await epoch([...grouped.slice(0, 5), ...padded.slice(0, 5)]);
  const groupedSeconds = await epoch(grouped);
  const paddedSeconds = await epoch(padded);
  await session.close();
  return {
    project: name,
    groupedSeconds,
    paddedSeconds,
    speedup: paddedSeconds / groupedSeconds,
    paddingGrouped: paddingOf(grouped),
    paddingPadded: paddingOf(padded),
  };
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
