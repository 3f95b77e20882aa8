/** A task: everything that is specific to one kind of problem. What is written here is asked for by the parts below. */
import type { z } from "zod";
import type { Dataset } from "../data/index.ts";
import type { Observed } from "../monitoring/index.ts";
import type { Servable, UploadedFile } from "../serving/index.ts";
import type {
  CompileOptions,
  InferenceSession,
  NdArray,
  NdArrays,
  Parameter,
  Program,
  RuntimeOptions,
  Tensor,
  TrainingPass,
} from "../tensor/index.ts";
import type { Trainable } from "../train/index.ts";
import type { PathKeys } from "./typed-paths.ts";

/** One row of a table that a person looks at: column to value. */
export type TableRow = Readonly<Record<string, string | number>>;

/** How often each label was taken for which: rows of the matrix are the truth. */
export interface Confusion {
  /** The question, where there are several. */
  readonly name?: string;
  readonly labels: readonly string[];
  readonly matrix: number[][];
}

/**
 * Joins preparation, judgement and answers, so that training, evaluation and serving cannot differ.
 *
 * - `Row`: a labelled row of the data; `Input`: what a request brings (a row without its label)
 * - `Example`: an input as numbers; `Outcome`: what is kept of an evaluated row; `Answer`: what a request gets
 */
export interface Task<Row, Input, Example, Outcome, Answer>
  extends Trainable<Row, Example, Outcome>,
    Servable<Input, Example, Answer>,
    Observed<Row | Input, Answer> {
  prepare(input: Row | Input): Example | Promise<Example>;
  /** Examples are small and take long to prepare: they are kept on disk for later runs on the same rows. */
  readonly cached?: true;
  /** Writes what is needed to prepare and answer elsewhere exactly as here. */
  save(folder: string): Promise<void>;
  /** The outcome of a row that a service has answered. */
  judge?(row: Row, answer: Answer): Outcome;
  /** One for each question that the task answers with a label. */
  confusions?(outcomes: readonly Outcome[]): readonly Confusion[];
  /** The rows that were judged wrongly, as a table. */
  mistakes(rows: readonly Row[], outcomes: readonly Outcome[]): TableRow[];
  /** What a person is told of an evaluation beside its metrics, line by line. */
  report?(outcomes: readonly Outcome[]): string[];
  /** The metric by which a finished model is judged where it cannot be by that of its checkpoints. */
  readonly judgedBy?: { readonly metric: string; readonly goal: "maximise" | "minimise" };
}

/** What a model computes. */
export interface ModelGraph {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The graph over the names that `collate` gives; `pass` while training. */
  forward(pass?: TrainingPass): {
    readonly loss: Tensor;
    readonly outputs: Readonly<Record<string, Tensor>>;
  };
}

type Weights = ReadonlyMap<string, NdArray<"float32">>;

/** A model as it is kept: what it computes, config.json, weights. */
export interface FinishedModel extends ModelGraph {
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: Weights;
  /** Its inference programs by their files, where an answer takes more than one run of `forward`. */
  programs?(
    weights: Weights,
    described: Pick<CompileOptions, "name" | "precision">,
  ): Readonly<Record<string, Program>>;
}

export interface ModelOptions extends RuntimeOptions {
  /** Whether the programs run in threads of their `own`, as they do unless given, or in the `callers`. */
  readonly thread?: "own" | "callers";
}

/** A model that answers batches. */
export interface OpenModel extends Pick<InferenceSession, "run" | "close"> {
  /** The same for one input, told the outputs so far while they grow. */
  stream?(inputs: NdArrays, onOutputs: (outputs: NdArrays) => void): Promise<NdArrays>;
}

/** What is the same for a row at every step: computed once for each, and kept. */
export interface FeatureGraph extends Pick<FinishedModel, "parameters" | "weights"> {
  /** Computed from the names that `collate` gives. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** A model as it is trained while some parameters keep their values: perhaps only the part behind its features. */
export interface ArrangedModel extends Pick<FinishedModel, "parameters" | "weights" | "forward"> {
  /** What the graph reads, beside targets, in place of what `collate` gives. */
  readonly features?: FeatureGraph;
}

/** A model that is to be trained. */
export interface TaskModel extends FinishedModel {
  /** Parameters that keep their values whatever the configuration says. */
  readonly frozen: ReadonlySet<string>;
  /** What the training loss of a batch is a mean over, such as the weights of its classes: its rows, unless given. */
  readonly lossWeight?: (inputs: NdArrays) => number;
  /** What a person should know about the weights: a new head, tensors left over. */
  readonly notes: readonly string[];
  /** How it is best trained while these parameters keep their values: as it stands, unless given. */
  arrange?(frozen: ReadonlySet<string>): Promise<ArrangedModel>;
  /** What is kept after training: adapters merged into the layers they adapt, and parts that were not trained. */
  finish(weights: Weights): FinishedModel;
}

export interface Splits<Row> {
  readonly train: Dataset<Row>;
  readonly validation: Dataset<Row>;
  readonly test: Dataset<Row>;
}

/** Where a task finds its files, and the seed that decides its random numbers. */
export interface TaskContext {
  /** The project's folder: relative paths of the configuration start here. */
  readonly folder: string;
  readonly seed: number;
}

/** A kind of problem: makes its tasks from a configuration, or from what an earlier one saved. */
export interface TaskKind<Config, Row, Input, Example, Outcome, Answer> {
  /** The sections of the configuration that the task reads: `data`, `model`, `loss`. */
  readonly config: z.ZodObject & z.ZodType<Config>;
  /** Its keys that are paths, such as `data.train`. */
  readonly paths: PathKeys;
  create(config: Config, context: TaskContext): Promise<Task<Row, Input, Example, Outcome, Answer>>;
  /** From the folder that `save` wrote. */
  open(folder: string): Promise<Task<Row, Input, Example, Outcome, Answer>>;
  /** The model of a finished folder, ready to answer: its inference program, unless an answer takes more than one run. */
  openModel?(folder: string, options?: ModelOptions): Promise<OpenModel>;
  read(config: Config, context: TaskContext): Promise<Splits<Row>>;
  /** What a person would ask the service about a row: a text, or a file. */
  sample?(row: Row): string | UploadedFile | Promise<string | UploadedFile>;
  /** @param train the rows that will train it, for what depends on them such as class weights */
  model(config: Config, context: TaskContext, train: readonly Row[]): Promise<TaskModel>;
}

/** A task whose types only its own parts need to know. */
export type AnyTask = Task<unknown, unknown, unknown, unknown, unknown>;
