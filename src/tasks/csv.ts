import type { TableRow } from "./task.ts";

/**
 * A table as CSV (RFC 4180), columns from the first row. A text that a spreadsheet would take for a formula gets an
 * apostrophe in front, as OWASP advises, since texts come from outside.
 */
export function formatCsv(rows: readonly TableRow[]): string {
  if (rows.length === 0) return "";
  const columns = Object.keys(rows[0]!);
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]!))];
  return lines.map((cells) => `${cells.map(formatCell).join(",")}\r\n`).join("");
}

function formatCell(cell: string | number): string {
  if (typeof cell === "number") return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
