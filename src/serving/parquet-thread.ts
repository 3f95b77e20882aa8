/** The thread behind `archivePredictions`: the predictions of a segment as Parquet; nothing where there are none. */
import { parentPort, workerData } from "node:worker_threads";
import { writePredictions } from "./prediction-parquet.ts";
import { segmentLines } from "./segment-lines.ts";

const { file } = workerData as { file: string };
const predictions = await segmentLines(file);
parentPort!.postMessage(predictions.length === 0 ? undefined : writePredictions(predictions));
