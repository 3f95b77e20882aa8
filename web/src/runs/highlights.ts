import type { Run } from "../api/runs.ts";
import { bestValue } from "../metrics/best-value.ts";
import type { MetricHistory } from "../metrics/histories.ts";
import { lossOf, mainMetric } from "../metrics/main-metric.ts";
import { metricTitle, parseMetricName } from "../metrics/metric-name.ts";

/** A number that says in one look how a run went. */
export interface Highlight {
  readonly title: string;
  readonly value: number;
  readonly note: string;
}

/** The best of the metric by which runs are judged, the loss, and what was measured on the test split. */
export function highlights(run: Run, histories: readonly MetricHistory[]): Highlight[] {
  const main = mainMetric([run]);
  const history = histories.find(({ key }) => key === main)?.metrics ?? [];
  const best = bestValue(
    main,
    history.map(({ value }) => value),
  );
  const loss = lossOf(run);
  const epoch = run.metrics.epoch?.value;
  const found: Highlight[] = [];
  if (best !== undefined) {
    const at = history.find(({ value }) => value === best);
    found.push({
      title: `Best ${metricTitle(main).toLowerCase()}`,
      value: best,
      note: `at step ${at?.step}`,
    });
  }
  for (const metric of Object.values(run.metrics)) {
    if (!metric || parseMetricName(metric.key).split !== "test") continue;
    found.push({ title: metricTitle(metric.key), value: metric.value, note: "at the end" });
  }
  if (loss !== undefined) {
    const title = run.metrics.validation_loss ? "Validation loss" : "Training loss";
    found.push({ title, value: loss, note: run.status === "RUNNING" ? "so far" : "at the end" });
  }
  if (epoch !== undefined) {
    found.push({ title: "Epochs", value: epoch, note: run.status === "RUNNING" ? "done so far" : "done" });
  }
  return found;
}
