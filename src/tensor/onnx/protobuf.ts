/** The part of Protocol Buffers' wire format that ONNX files need (protobuf.dev/programming-guides/encoding). */

/** Bytes in pieces, joined once at the end: weights of hundreds of megabytes are not copied on the way. */
export type Pieces = readonly Uint8Array[];

const lengthOf = (pieces: Pieces): number => pieces.reduce((sum, piece) => sum + piece.byteLength, 0);

/** Collects the fields of one message. */
export class MessageWriter {
  readonly pieces: Uint8Array[] = [];

  /** int32, int64, enum, bool: wire type 0. */
  integer(field: number, value: number | bigint): this {
    this.pieces.push(varint((field << 3) | 0), varint(value));
    return this;
  }

  /** float: wire type 5. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.pieces.push(varint((field << 3) | 5), bytes);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    this.pieces.push(varint((field << 3) | 2), varint(value.byteLength), value);
    return this;
  }

  message(field: number, message: MessageWriter): this {
    this.pieces.push(varint((field << 3) | 2), varint(lengthOf(message.pieces)));
    // One by one: a graph has more pieces than a call may have arguments.
    for (const piece of message.pieces) this.pieces.push(piece);
    return this;
  }

  /** Packed repeated integers. */
  integers(field: number, values: readonly number[]): this {
    const packed = values.map(varint);
    this.pieces.push(varint((field << 3) | 2), varint(lengthOf(packed)), ...packed);
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(lengthOf(this.pieces));
    let offset = 0;
    for (const piece of this.pieces) {
      bytes.set(piece, offset);
      offset += piece.byteLength;
    }
    return bytes;
  }
}

/** Base-128 variable-length integer; negative numbers take ten bytes as two's complement of 64 bits. */
function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
