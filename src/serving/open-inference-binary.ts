/** Elements of tensors as bytes: numbers in little-endian order, texts and files behind their length (uint32). */
import { arrayTypes, type DType, type NdArray } from "../tensor/index.ts";
import { datatypes, invalid, type RequestTensor, type ResponseTensor } from "./open-inference-tensors.ts";

const dtypes = Object.keys(arrayTypes) as DType[];

/**
 * A tensor of a request with what its bytes are.
 * @throws {ServingError} for a datatype that no model here takes, or when there are not as many bytes as the shape says
 */
export function withBytes(tensor: RequestTensor, bytes: Uint8Array): RequestTensor {
  const { name, shape, datatype } = tensor;
  if (datatype === "BYTES") return { ...tensor, data: elementsOfBytes(name, bytes) };
  const dtype = dtypes.find((dtype) => datatypes[dtype] === datatype);
  if (dtype === undefined)
    throw invalid(
      `input ${name} must have a datatype of BYTES, ${dtypes.map((dtype) => datatypes[dtype]).join(", ")}, got ${datatype}`,
    );
  const kind = arrayTypes[dtype];
  const size = shape.reduce((size, dimension) => size * dimension, kind.BYTES_PER_ELEMENT);
  if (bytes.length !== size)
    throw invalid(
      `input ${name} of shape [${shape.join(", ")}] must have ${size} bytes, got ${bytes.length}`,
    );
  if (dtype === "bool" && bytes.some((byte) => byte > 1))
    throw invalid(`input ${name} must have elements of BOOL, bytes 0 or 1`);
  // A copy: where its bytes begin in the body, a number may not.
  return { ...tensor, array: { dtype, shape, data: new kind(new Uint8Array(bytes).buffer) } as NdArray };
}

function elementsOfBytes(name: string, bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    const end = start > bytes.length ? Number.POSITIVE_INFINITY : start + view.getUint32(at, true);
    if (end > bytes.length)
      throw invalid(`input ${name} must have the length of each element in front of it, in 4 bytes`);
    elements.push(new Uint8Array(bytes.subarray(start, end)));
    at = end;
  }
  return elements;
}

export function elementsToBytes({ datatype, data }: ResponseTensor): Uint8Array {
  if (datatype === "BYTES") {
    const texts = data.map((element) => Buffer.from(String(element)));
    return Buffer.concat(
      texts.flatMap((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length);
        return [length, text];
      }),
    );
  }
  if (datatype === datatypes.int64) return bytesOf(BigInt64Array.from(data, (element) => BigInt(element)));
  const numbers = data.map(Number);
  if (datatype === datatypes.float32) return bytesOf(Float32Array.from(numbers));
  return bytesOf(datatype === datatypes.int32 ? Int32Array.from(numbers) : Uint8Array.from(numbers));
}

const bytesOf = ({ buffer }: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(buffer);
