/** A drift report as one HTML page without anything from elsewhere. */
import type { ColumnDrift, DriftReport, Histogram } from "../monitoring/index.ts";
import { describeSide, shortNumber } from "./drift-table.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => escapes[mark]!);

/** @param closing what the report comes to, in a sentence */
export function driftPage(report: DriftReport, title: string, closing: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
  :root { color-scheme: light dark; --reference: #7a8896; --current: #d9730d; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 0.5rem 0 1rem; }
  h2 { font-size: 1.1rem; margin: 0; }
  .drifted h2::after { content: "drifted"; color: var(--current); font-weight: 400; margin-left: 0.75rem; }
  p { margin: 0.25rem 0; }
  svg { width: 100%; height: 8rem; }
  .reference { fill: var(--reference); color: var(--reference); }
  .current { fill: var(--current); color: var(--current); }
  small { display: flex; justify-content: space-between; opacity: 0.7; }
</style>
<h1>${escaped(title)}</h1>
<p>${escaped(closing)}</p>
<p><span class="reference">■</span> reference, ${report.rows.reference} rows
<span class="current">■</span> current, ${report.rows.current} rows</p>
${report.columns.map(sectionOf).join("\n")}
</html>
`;
}

function sectionOf(column: ColumnDrift): string {
  const { name, title, scoreType, score, threshold, drifted, reference, current } = column;
  const limit = scoreType === "p-value" ? `p-value; below ${threshold}` : `distance; from ${threshold} on`;
  const missing = ({ missing }: ColumnDrift["reference"]) => (missing > 0 ? `, ${missing} missing` : "");
  return `<section${drifted ? ' class="drifted"' : ""}>
<h2>${escaped(name)}</h2>
<p>${escaped(title)} ${shortNumber(score)} (${limit} is drift). Reference ${escaped(describeSide(column, "reference"))}${missing(reference)}, current ${escaped(describeSide(column, "current"))}${missing(current)}.</p>
${bars(column.histogram, name)}
</section>`;
}

/** Two bars for each bin, as shares of their side, so that sides of any size can be compared. */
function bars({ edges, categories, reference, current }: Histogram, name: string): string {
  const shares = [sharesOf(reference), sharesOf(current)] as const;
  const largest = Math.max(...shares.flat(), Number.MIN_VALUE);
  const width = 600 / reference.length;
  const rectangles = shares.flatMap((side, which) =>
    side.map((share, i) => {
      const height = (120 * share) / largest;
      const x = (i + 0.1 + 0.4 * which) * width;
      const label = categories?.[i] ?? `${shortNumber(edges![i]!)} to ${shortNumber(edges![i + 1]!)}`;
      return `<rect class="${which === 0 ? "reference" : "current"}" x="${x.toFixed(1)}" y="${(120 - height).toFixed(1)}" width="${(0.4 * width).toFixed(1)}" height="${height.toFixed(1)}"><title>${escaped(label)}: ${(100 * share).toFixed(1)} %</title></rect>`;
    }),
  );
  const ends = categories ?? [shortNumber(edges![0]!), shortNumber(edges!.at(-1)!)];
  const axis = ends.length <= 6 ? ends : [ends[0]!, `... ${ends.length} categories ...`, ends.at(-1)!];
  return `<svg viewBox="0 0 600 120" preserveAspectRatio="none" role="img" aria-label="${escaped(`Distribution of ${name}`)}">${rectangles.join("")}</svg>
<small>${axis.map((end) => `<span>${escaped(end)}</span>`).join("")}</small>`;
}

function sharesOf(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / Math.max(total, 1));
}
