import { sizeOf } from '@refold/graph';
import { plain, sizesOf, type Constant, type Known, type Sizes } from './known.js';
import { attributesOf, type ReadCall } from './network-reader.js';

/** `Shape` of a value: its sizes with an open batch. */
export function readShape(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const [known] = inputs;
  const { int } = attributesOf(node);
  const shape: (number | 'N')[] =
    known?.kind === 'constant' ? [...known.shape] : ['N', ...reader.value(call).shape];
  return {
    kind: 'sizes',
    sizes: shape.slice(int('start', 0), int('end', shape.length)),
    scalar: false,
  };
}

/** `Gather`, `Slice`, `Concat`, `Unsqueeze`, `Squeeze` and `Cast` of sizes; undefined where the input is none. */
export function readSizes(call: ReadCall): Known | undefined {
  const { node, inputs, reader } = call;
  const all = inputs.map(sizesOf);
  const [sizes] = all;
  if (!sizes || (node.opType === 'Concat' && all.some((one) => !one))) return undefined;
  const made = (result: readonly (number | 'N')[], scalar = false): Sizes => ({
    ...{ kind: 'sizes', sizes: result, scalar },
  });
  switch (node.opType) {
    case 'Gather': {
      const indices = all[1]?.map((i) => sizes[i === 'N' ? NaN : i < 0 ? i + sizes.length : i]);
      if (!indices || indices.includes(undefined)) reader.unsupported(node, 'it takes no size');
      const second = inputs[1];
      const scalar = second?.kind === 'constant' ? second.shape.length === 0 : false;
      return made(indices as (number | 'N')[], scalar);
    }
    case 'Slice': {
      const [from, to, , steps] = [1, 2, 3, 4].map((i) => all[i]?.[0]);
      if (typeof from !== 'number' || typeof to !== 'number' || (steps ?? 1) !== 1) {
        return reader.unsupported(node, 'it takes no part of sizes');
      }
      return made(sizes.slice(from, to));
    }
    case 'Concat':
      return made(all.flatMap((one) => one ?? []));
    case 'Squeeze':
      return made(sizes, true);
    case 'Unsqueeze':
    case 'Cast':
      return made(sizes, node.opType === 'Cast' && inputs[0]?.kind === 'sizes' && inputs[0].scalar);
    default:
      return undefined;
  }
}

/** `Flatten` and `Reshape` that keep a value or make it a vector. */
export function readReshape(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const { int, ints } = attributesOf(node);
  const [known] = inputs;
  if (known?.kind === 'constant') return reshaped(call, known, sizesOf(inputs[1]) ?? []);
  const x = reader.value(call);
  if (node.opType === 'Flatten') {
    const axis = int('axis', 1);
    if (axis !== 1 && axis !== -x.shape.length)
      reader.unsupported(node, 'it flattens from another axis');
    return flattened(call);
  }
  const target = inputs[1] === undefined ? ints('shape', []) : sizesOf(inputs[1]);
  if (!target) return reader.unsupported(node, 'its shape is not known');
  const [batch, ...rest] = target;
  const full = ['N', ...x.shape];
  const keepsBatch = batch === 'N' || batch === 0 || batch === reader.batch;
  const wanted = rest.map((size, i) => (size === 0 ? full[i + 1] : size));
  const elements = sizeOf(x.shape);
  const known1 = wanted.reduce<number>(
    (product, size) => (typeof size === 'number' && size > 0 ? product * size : product),
    1,
  );
  const filled = wanted.map((size) => (size === -1 ? elements / known1 : size));
  const fits = filled.every((size) => typeof size === 'number') && sizeOf(filled) === elements;
  if (fits && (keepsBatch || batch === -1)) {
    if (filled.join() === x.shape.join()) return plain(x);
    if (filled.length === 1) return flattened(call);
  }
  return reader.unsupported(node, `it makes [${target.join(', ')}] of [${full.join(', ')}]`);
}

/** `Squeeze` of height and width. */
export function readSqueeze(call: ReadCall): Known {
  const { node, inputs, reader } = call;
  const { ints } = attributesOf(node);
  const x = reader.value(call);
  const given = inputs[1] === undefined ? ints('axes', []) : (sizesOf(inputs[1]) ?? []);
  const axes = given.map((axis) => (axis === 'N' ? NaN : axis < 0 ? axis + 4 : axis)).sort();
  if (x.shape.length !== 3 || axes.join() !== '2,3')
    reader.unsupported(node, 'it drops other axes');
  return flattened(call);
}

function flattened(call: ReadCall): Known {
  const { node, reader } = call;
  const x = reader.value(call);
  if (x.shape.length === 1) return plain(x);
  return plain(reader.add('flatten', reader.names.name(node), [x], {}));
}

function reshaped(
  { node, reader }: ReadCall,
  constant: Constant,
  target: readonly (number | 'N')[],
): Constant {
  const sizes = target.map((size, i) =>
    size === 0 ? (constant.shape[i] ?? NaN) : size === 'N' ? NaN : size,
  );
  const known = sizes.reduce((product, size) => (size > 0 ? product * size : product), 1);
  const shape = sizes.map((size) => (size === -1 ? constant.data.length / known : size));
  if (sizeOf(shape) !== constant.data.length)
    reader.unsupported(node, 'a constant is reshaped to another size');
  return { ...constant, shape };
}
