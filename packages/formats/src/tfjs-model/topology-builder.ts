import { attr, shapeOf, type AttrValue, type GraphDefNode } from './graph-def.js';

/** A weight of a TensorFlow.js model: row-major, in the layout of the TensorFlow op that reads it. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

const FLOAT = attr.type('DT_FLOAT');

/** Collects the nodes and weights of a TensorFlow.js graph model. Every method gives the new node's name. */
export class TopologyBuilder {
  readonly nodes: GraphDefNode[] = [];
  readonly weights: TfjsWeight[] = [];
  readonly #taken = new Set<string>();

  /** The network's input. @param shape of a batch, −1 where any size fits */
  placeholder(name: string, shape: readonly number[]): string {
    return this.#push(name, 'Placeholder', [], { dtype: FLOAT, shape: attr.shape(shape) });
  }

  /** Any op on float32 values. */
  op(
    op: string,
    name: string,
    inputs: readonly string[],
    attrs: Readonly<Record<string, AttrValue>> = {},
  ): string {
    return this.#push(name, op, inputs, { T: FLOAT, ...attrs });
  }

  /** A weight. The data is written later and must not change until then. */
  constant(name: string, shape: readonly number[], data: Float32Array | Int32Array): string {
    const dtype = data instanceof Int32Array ? 'DT_INT32' : 'DT_FLOAT';
    const value = { tensor: { dtype, tensorShape: shapeOf(shape) } } as const;
    const own = this.#push(name, 'Const', [], { dtype: attr.type(dtype), value });
    this.weights.push({ name: own, shape, data });
    return own;
  }

  /** A list of whole numbers: axes, sizes, paddings. */
  integers(name: string, values: readonly number[], shape = [values.length]): string {
    return this.constant(name, shape, Int32Array.from(values));
  }

  scalar(name: string, value: number): string {
    return this.constant(name, [], Float32Array.of(value));
  }

  #push(
    wish: string,
    op: string,
    input: readonly string[],
    attrs: Readonly<Record<string, AttrValue>>,
  ): string {
    const name = this.#unique(wish);
    this.nodes.push({ name, op, ...(input.length > 0 && { input }), attr: attrs });
    return name;
  }

  /** TensorFlow's names are `[A-Za-z0-9.][A-Za-z0-9_.\-/]*`; Refold's are any text. */
  #unique(wish: string): string {
    const plain = wish.replace(/[^A-Za-z0-9_.\-/]/g, '_').replace(/^(?![A-Za-z0-9.])/, 'n');
    let name = plain;
    for (let i = 1; this.#taken.has(name); i++) name = `${plain}_${i}`;
    this.#taken.add(name);
    return name;
  }
}
