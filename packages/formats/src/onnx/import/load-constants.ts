import { badOnnx } from '../../errors.js';
import type { Dtype } from '../../tensors/dtype.js';
import { toNamedTensors } from '../../tensors/to-named-tensors.js';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor } from '../onnx-model.js';
import type { Constant } from './known.js';

/** Constants of a model by name: its initializers and `Constant` nodes. Types that are no numbers are left out. */
export async function loadConstants(model: OnnxModel): Promise<Map<string, Constant>> {
  const constants = new Map<string, Constant>();
  for (const [name, tensor] of model.graph.initializers) {
    if (tensor.dtype) constants.set(name, await loadConstant(model.path, tensor));
  }
  for (const node of model.graph.nodes) {
    if (node.domain !== '' || node.opType !== 'Constant') continue;
    const constant = await constantOf(model.path, node);
    if (constant) constants.set(node.outputs[0] ?? '', constant);
  }
  return constants;
}

/** What a `Constant` node holds; undefined where it is no number. */
async function constantOf(path: string, { attributes }: OnnxNode): Promise<Constant | undefined> {
  const of = (key: string): OnnxAttribute | undefined => attributes.get(key);
  const tensor = of('value')?.tensor;
  if (tensor) return tensor.dtype ? loadConstant(path, tensor) : undefined;
  const make = (data: readonly number[], float: boolean, shape: readonly number[]): Constant => ({
    ...{ kind: 'constant', data, float, shape },
  });
  const [int, float] = [of('value_int')?.int, of('value_float')?.float];
  if (int !== undefined) return make([int], false, []);
  if (float !== undefined) return make([float], true, []);
  const [ints, floats] = [of('value_ints')?.ints, of('value_floats')?.floats];
  if (ints) return make(ints, false, [ints.length]);
  return floats && make(floats, true, [floats.length]);
}

/** A tensor as numbers: floats as float32 (float64 rounded), integers as they are. */
export async function loadConstant(path: string, tensor: OnnxTensor): Promise<Constant> {
  const { name, shape, dtype } = tensor;
  if (!dtype) throw badOnnx(path, `The tensor '${name}' holds no numbers.`, 'numbers', 'others');
  const bytes = await tensor.read();
  if (dtype === 'F32' || dtype === 'F64' || dtype === 'F16' || dtype === 'BF16') {
    const stored = { dtype, shape, data: bytes };
    const { data } = toNamedTensors(path, new Map([[name, stored]])).get(name)!;
    return { kind: 'constant', shape, data, float: true };
  }
  const data = integers(dtype, new Uint8Array(bytes));
  return { kind: 'constant', shape, data, float: false };
}

function integers(dtype: Dtype, { buffer }: Uint8Array<ArrayBuffer>): ArrayLike<number> {
  switch (dtype) {
    case 'I8':
      return new Int8Array(buffer);
    case 'I16':
      return new Int16Array(buffer);
    case 'U16':
      return new Uint16Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U32':
      return new Uint32Array(buffer);
    case 'I64':
      return Array.from(new BigInt64Array(buffer), Number);
    case 'U64':
      return Array.from(new BigUint64Array(buffer), Number);
    default:
      return new Uint8Array(buffer);
  }
}
