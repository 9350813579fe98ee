import type { OpCall, OpResult, ReferenceOp } from './reference-op.js';

/** Multiplies runs of `length` values by 0 or 1 / (1 − rate), drawn anew for each run; in inference by 1. */
function drop(call: OpCall<'dropout' | 'drop_path'>, length: number): OpResult {
  const { attrs, inputs, shape, training, random } = call;
  const { data } = inputs[0]!;
  const factors = Float64Array.from({ length: data.length / length }, () => {
    if (!training) return 1;
    return random.uniform() < attrs.rate ? 0 : 1 / (1 - attrs.rate);
  });
  const times = (values: Float64Array) =>
    values.map((v, i) => v * factors[Math.floor(i / length)]!);
  return { output: { shape, data: times(data) }, backward: (dy) => ({ inputs: [times(dy)] }) };
}

/** Drops elements. */
export const dropout: ReferenceOp<'dropout'> = (call) => drop(call, 1);

/** Drops whole samples. */
export const dropPath: ReferenceOp<'drop_path'> = (call) => {
  const { data, shape } = call.inputs[0]!;
  return drop(call, data.length / shape[0]!);
};
