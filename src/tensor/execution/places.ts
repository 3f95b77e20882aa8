/** Parts of arrays along an axis, taken out and put in. */
import { TensorError } from "../errors.ts";
import { arrayTypes, type NdArray, sizeOf } from "../ndarray.ts";

/** Rows of the first axis, in the given order. */
export function takeRows(array: NdArray, rows: readonly number[]): NdArray {
  const width = sizeOf(array.shape.slice(1));
  const taken = zerosLike(array, [rows.length, ...array.shape.slice(1)]);
  const copy = copier(array, taken);
  for (const [to, from] of rows.entries()) copy(from * width, to * width, width);
  return taken;
}

/** Arrays of one type whose rows have the same shape, one after the other along the first axis. */
export function joinRows(arrays: readonly [NdArray, ...NdArray[]]): NdArray {
  const [{ shape }] = arrays;
  const rows = arrays.reduce((sum, array) => sum + array.shape[0]!, 0);
  const joined = zerosLike(arrays[0], shape.with(0, rows));
  let end = 0;
  for (const array of arrays) {
    if (array.shape.with(0, 0).join() !== shape.with(0, 0).join() || array.dtype !== joined.dtype)
      throw new TensorError(
        `${array.dtype} [${array.shape.join(", ")}] has other rows than ${joined.dtype} [${shape.join(", ")}]`,
      );
    copier(array, joined)(0, end, array.data.length);
    end += array.data.length;
  }
  return joined;
}

interface TakeOptions {
  /** Not the first. */
  readonly axis: number;
  /** By row, as many for each. */
  readonly places: readonly (readonly number[])[];
  /** Of the axis in the result, zeros behind the places. */
  readonly size: number;
}

/** Places of an axis, in the given order, others in each row. */
export function takePlaces(array: NdArray, { axis, places, size }: TakeOptions): NdArray {
  const taken = zerosLike(array, array.shape.with(axis, size));
  const copy = copier(array, taken);
  const { blocks, width } = around(array, axis);
  const before = array.shape[axis]!;
  for (const [row, runs] of places.map(runsOf).entries())
    for (let block = row * blocks; block < (row + 1) * blocks; block++)
      for (const { to, from, length } of runs)
        copy((block * before + from) * width, (block * size + to) * width, length * width);
  return taken;
}

/**
 * Writes an array into another one, which has the same shape but for more places on the axis.
 * @throws {TensorError} when it does not fit behind the place
 */
export function putPlaces(
  into: NdArray,
  array: NdArray,
  { axis, place }: { readonly axis: number; readonly place: number },
): void {
  const [size, added] = [into.shape[axis]!, array.shape[axis]!];
  const fits = place + added <= size && array.shape.with(axis, size).join() === into.shape.join();
  if (!fits)
    throw new TensorError(
      `[${array.shape.join(", ")}] does not fit into [${into.shape.join(", ")}] at place ${place} of axis ${axis}`,
    );
  const copy = copier(array, into);
  const { blocks, width } = around(into, axis);
  for (let block = 0; block < into.shape[0]! * blocks; block++)
    copy(block * added * width, (block * size + place) * width, added * width);
}

/** How many blocks each row has in front of an axis, and how many elements each place. */
const around = ({ shape }: NdArray, axis: number) => ({
  blocks: sizeOf(shape.slice(1, axis)),
  width: sizeOf(shape.slice(axis + 1)),
});

/** Neighbours that stay neighbours, so that they are copied in one go. */
function runsOf(places: readonly number[]): { to: number; from: number; length: number }[] {
  const runs: { to: number; from: number; length: number }[] = [];
  for (const [to, from] of places.entries()) {
    const last = runs.at(-1);
    if (last && last.from + last.length === from) last.length++;
    else runs.push({ to, from, length: 1 });
  }
  return runs;
}

/** Copies elements between arrays of one type. */
function copier(source: NdArray, target: NdArray): (from: number, to: number, count: number) => void {
  const size = source.data.BYTES_PER_ELEMENT;
  const [read, write] = [bytesOf(source), bytesOf(target)];
  return (from, to, count) => write.set(read.subarray(size * from, size * (from + count)), size * to);
}

const bytesOf = ({ data }: NdArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function zerosLike({ dtype }: NdArray, shape: readonly number[]): NdArray {
  return { dtype, shape, data: new arrayTypes[dtype](sizeOf(shape)) } as NdArray;
}
