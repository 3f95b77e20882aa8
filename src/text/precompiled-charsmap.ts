/**
 * SentencePiece's character map, as tokenizer.json carries it in `precompiled_charsmap`.
 *
 * The format (sentencepiece/src/normalizer.cc, `Normalizer::DecodePrecompiledCharsMap`): base64 of a 32-bit length,
 * a double-array trie of that many bytes, and behind it the replacements, each ended by a zero byte. The trie
 * (Darts-clone, include/darts.h) is an array of 32-bit units in little-endian order; its keys are UTF-8, its values
 * places among the replacements.
 */
export interface Charsmap {
  /** What stands for the beginning of a text that the map knows, or null. */
  replacementOf(text: string): string | null;
}

/** @throws {RangeError} when the bytes are not a character map */
export function readCharsmap(base64: string): Charsmap {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const trieBytes = bytes.length < 8 ? 0 : view.getUint32(0, true);
  if (trieBytes < 4 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length)
    throw new RangeError(
      `precompiled_charsmap must hold a trie and its replacements, got ${bytes.length} bytes that do not`,
    );
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, unit) => view.getUint32(4 + 4 * unit, true));
  const replacements = bytes.subarray(4 + trieBytes);
  const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

  return {
    replacementOf(text) {
      const place = shortestMatch(units, encoder.encode(text));
      if (place === null || place >= replacements.length) return null;
      const end = replacements.indexOf(0, place);
      return decoder.decode(replacements.subarray(place, end === -1 ? undefined : end));
    },
  };
}

/** Value of the shortest key that the bytes begin with, or null. */
function shortestMatch(units: Uint32Array, bytes: Uint8Array): number | null {
  let node = offsetOf(units[0] ?? 0);
  for (const byte of bytes) {
    if (byte === 0) return null;
    node ^= byte;
    const unit = units[node] ?? 0;
    if (labelOf(unit) !== byte) return null;
    node ^= offsetOf(unit);
    if (hasValue(unit)) return unitValue(units[node] ?? 0);
  }
  return null;
}

// A unit of Darts-clone: the label in bits 0 to 7, whether it has a value in bit 8, the distance to its children in
// bits 10 and up, to be multiplied by 256 if bit 9 is set. Bit 31 is set in values, so that no label equals them.
const labelOf = (unit: number): number => (unit & 0x800000ff) >>> 0;
const hasValue = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
const unitValue = (unit: number): number => unit & 0x7fffffff;
