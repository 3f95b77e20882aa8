/** What is known of an object without reading it. */
export interface ObjectStat {
  readonly name: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Bytes at once or as they come: a web stream, a Node stream, an async generator. */
export type ObjectSource = Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Bytes `start` (included) to `end` (excluded; to the last byte where it is missing). */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/**
 * Bytes under names, one implementation per engine. A name is a path of segments joined by `/`, as in
 * `checkpoints/epoch-3/model.safetensors`; what a name may be is said in `object-name.ts`.
 *
 * Every method rejects with a `StorageError` that says which object is meant.
 */
export interface ObjectStore {
  /**
   * Writes an object, replacing one of the same name. Readers see the old bytes or all of the new ones, and
   * when the promise is fulfilled the bytes are on the disk. When the source breaks off nothing is left behind
   * and an object of that name stays as it was.
   */
  put(name: string, source: ObjectSource): Promise<ObjectStat>;
  /** The bytes as a stream, all of them or a range. */
  get(name: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>>;
  /** All bytes at once. */
  read(name: string): Promise<Uint8Array>;
  /** `undefined` where there is no such object. */
  stat(name: string): Promise<ObjectStat | undefined>;
  /** All objects whose names start with `prefix`, ordered by name (code units). */
  list(prefix?: string): Promise<ObjectStat[]>;
  /** Removes an object; one that is not there is as good as removed. */
  delete(name: string): Promise<void>;
  /**
   * Where the object lies as a file, for readers that need one (ONNX Runtime opens models by path). Only for
   * reading. Engines without files do not have it.
   */
  localPath?(name: string): Promise<string>;
}
