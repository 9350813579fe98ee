import type { Piece } from '../../protobuf/write-fields.js';
import type { TensorSource } from '../../tensors/tensor-source.js';
import { nodePieces, tensorParts, type NodeParts, type TensorParts } from '../message-pieces.js';

/** Collects nodes and tensors of a graph that is written, and keeps every name unique. */
export class Emitter {
  readonly nodes: (readonly Piece[])[] = [];
  readonly initializers: TensorParts[] = [];
  readonly #taken: Set<string>;

  /** @param taken names of values and tensors that are promised to others */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The name, or where it is taken the name with a number. */
  unique(name: string): string {
    let free = name;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}_${i}`;
    this.#taken.add(free);
    return free;
  }

  /** Adds a node and returns its output. */
  node(parts: Omit<NodeParts, 'outputs'> & { readonly output: string }): string {
    const { output, ...rest } = parts;
    this.nodes.push(nodePieces({ ...rest, outputs: [output] }));
    return output;
  }

  /** Adds a tensor under a name that is promised to it. */
  initializer(name: string, tensor: TensorSource): string {
    this.initializers.push(tensorParts(name, tensor));
    return name;
  }

  /** Adds a small float32 tensor under a name like this one. */
  floats(name: string, shape: readonly number[], values: readonly number[]): string {
    const data = new Uint8Array(Float32Array.from(values).buffer);
    const read = () => Promise.resolve(data);
    return this.initializer(this.unique(name), { dtype: 'F32', shape, read });
  }

  /** Adds a small tensor of bytes or int32 under a name like this one. */
  integers(
    name: string,
    shape: readonly number[],
    values: Uint8Array | Int8Array | Int32Array,
  ): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const dtype = values instanceof Int32Array ? 'I32' : values instanceof Int8Array ? 'I8' : 'U8';
    const read = () => Promise.resolve(data);
    return this.initializer(this.unique(name), { dtype, shape, read });
  }
}
