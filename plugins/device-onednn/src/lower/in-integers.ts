import type { InputAttrs, NodeOf, Quantisation, ValueQuantisation } from '@refold/graph';
import { toStored } from '@refold/quantise';
import type { NativeProgram, NativeStep, NativeStorage } from '../native/native-program.js';

/**
 * The steps with conversions between them. A value of the quantisation is stored in eight bits by its index; what computes
 * on floats reads or makes a second value beside it. Layers with `scales` and `global_avg_pool` read stored values as they
 * are; such layers make them, too.
 *
 * @param program before conversions @param indices of values by node name
 */
export function inIntegers(
  { steps, values, output }: Pick<NativeProgram, 'steps' | 'values' | 'output'>,
  quantisation: Quantisation,
  indices: ReadonlyMap<string, number>,
): Pick<NativeProgram, 'steps' | 'values' | 'output' | 'storage'> {
  const shapes = [...values];
  const storage = new Map<number, NativeStorage>();
  for (const [name, index] of indices) {
    const value = quantisation.values[name];
    if (value) storage.set(index, unsigned(value));
  }
  const floats = new Map<number, number>();
  const converted: NativeStep[] = [];
  const beside = (index: number) => shapes.push(shapes[index] as readonly number[]) - 1;
  /** Index of a value as floats, converted where nobody has. */
  const asFloats = (
    index: number,
    { name, region }: Pick<NativeStep, 'name' | 'region'>,
  ): number => {
    if (!storage.has(index)) return index;
    const known = floats.get(index);
    if (known !== undefined) return known;
    const made = beside(index);
    floats.set(index, made);
    converted.push({ op: 'dequantize', name, region, inputs: [index], output: made });
    return made;
  };
  for (const step of steps) {
    const isLayer = 'scales' in step && step.scales !== undefined;
    const readsStored =
      isLayer || (step.op === 'global_avg_pool' && storage.has(step.inputs[0] ?? -1));
    const inputs = readsStored ? step.inputs : step.inputs.map((index) => asFloats(index, step));
    if (isLayer || !storage.has(step.output)) {
      converted.push({ ...step, inputs });
      continue;
    }
    const made = beside(step.output);
    const { name, region } = step;
    converted.push({ ...step, inputs, output: made });
    converted.push({ op: 'quantize', name, region, inputs: [made], output: step.output });
  }
  const last = steps.at(-1) ?? { name: 'output', region: 0 };
  const result = asFloats(output, last);
  return {
    values: shapes,
    steps: converted,
    output: result,
    storage: shapes.map((_, index) => storage.get(index) ?? null),
  };
}

/** What bytes become that are normalised and stored at once, where the program's input is stored. */
export function inputTable(
  { values }: Quantisation,
  input: NodeOf<'input'>,
  normalize: NodeOf<'normalize'> | undefined,
): Pick<NativeProgram, 'inputTable'> {
  const value = values[(normalize ?? input).name];
  if (!value || !normalize) return {};
  const { mean, std } = normalize.attrs;
  const [channels = 0] = (input.attrs satisfies InputAttrs).shape;
  const { zero } = unsigned(value);
  const inputTableOf = (i: number): number => {
    const c = Math.floor(i / 256);
    const real = ((i % 256) / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
    return zero + toStored(Math.fround(real), value);
  };
  return { inputTable: Array.from({ length: 256 * channels }, (_, i) => inputTableOf(i)) };
}

/** The kernels multiply unsigned by signed bytes: int8 is kept 128 higher. */
function unsigned({ dtype, scale, zeroPoint }: ValueQuantisation): NativeStorage {
  return { scale, zero: dtype === 'int8' ? zeroPoint + 128 : zeroPoint };
}
