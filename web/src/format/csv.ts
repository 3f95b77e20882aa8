/**
 * The first records of a CSV text (RFC 4180): fields with commas, line breaks and doubled quotes stand in quotes.
 * What follows the last wanted record is not looked at.
 */
export function parseCsv(text: string, maxRecords = Number.POSITIVE_INFINITY): string[][] {
  const records: string[][] = [];
  // One field, quoted or plain, and what ends it.
  const field = /(?:"((?:[^"]|"")*)"|((?!")[^,\r\n]*))(,|\r?\n|\r|$)/y;
  field.lastIndex = text.startsWith("\uFEFF") ? 1 : 0;
  let record: string[] = [];
  while (records.length < maxRecords && (record.length > 0 || field.lastIndex < text.length)) {
    const match = field.exec(text);
    // A quote that is never closed, or text behind one: better half a table than none.
    if (!match) break;
    const [, quoted, plain = "", end] = match;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    records.push(record);
    record = [];
  }
  return records;
}
