/** Reads Protocol Buffers back, so that tests can look into what was written. */

/** Field numbers and values in order: a number for wire types 0 and 5, bytes for wire type 2. */
export type Fields = readonly { readonly field: number; readonly value: bigint | number | Uint8Array }[];

export function decodeMessage(bytes: Uint8Array): Fields {
  const fields: { field: number; value: bigint | number | Uint8Array }[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const field = key >> 3;
    switch (key & 7) {
      case 0:
        fields.push({ field, value: BigInt.asIntN(64, varint()) });
        break;
      case 2: {
        const length = Number(varint());
        fields.push({ field, value: bytes.subarray(at, at + length) });
        at += length;
        break;
      }
      case 5:
        fields.push({ field, value: view.getFloat32(at, true) });
        at += 4;
        break;
      default:
        throw new Error(`wire type ${key & 7} is not written`);
    }
  }
  return fields;
}

/** The messages in a field. */
export const messagesIn = (fields: Fields, field: number): Fields[] =>
  fields.flatMap((found) =>
    found.field === field && found.value instanceof Uint8Array ? [decodeMessage(found.value)] : [],
  );

/** The texts in a field. */
export const textsIn = (fields: Fields, field: number): string[] =>
  fields.flatMap((found) =>
    found.field === field && found.value instanceof Uint8Array ? [new TextDecoder().decode(found.value)] : [],
  );

/** The integers in a field. */
export const integersIn = (fields: Fields, field: number): number[] =>
  fields.flatMap((found) =>
    found.field === field && typeof found.value === "bigint" ? [Number(found.value)] : [],
  );
