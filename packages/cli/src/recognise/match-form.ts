import type { TensorSource } from '@refold/formats';
import { sizeOf } from '@refold/graph';
import type { CandidateForm } from './candidate-forms.js';
import type { NameReading } from './read-names.js';

/** How well a file's tensors are those of a network. */
export interface Match {
  readonly of: CandidateForm;
  readonly reading: NameReading;
  /** Our names of tensors that are there with the right shape (but for the number of classes). */
  readonly matched: readonly string[];
  /** Our names of tensors that the file lacks. */
  readonly missing: readonly string[];
  /** One line each: `stem.conv.weight: expected [64, 3, 3, 3], received [48, 3, 3, 3]`. */
  readonly misshapen: readonly string[];
  /** File names under the prefix that the network has no place for. */
  readonly unexpected: readonly string[];
  /** File names that are no weights of the network: counters, optimizer state, other copies. */
  readonly ignored: readonly string[];
  /** Null where the file has no classifier. */
  readonly numClasses: number | null;
}

type Tensors = ReadonlyMap<string, Pick<TensorSource, 'shape' | 'dtype'>>;

/**
 * Compares a file with one form of a candidate under one reading of its names.
 *
 * @param copies file names that are a tensor of the network under some other prefix
 */
export function matchForm(
  of: CandidateForm,
  reading: NameReading,
  tensors: Tensors,
  copies: ReadonlySet<string>,
): Match {
  const matched: string[] = [];
  const missing: string[] = [];
  const misshapen: string[] = [];
  const used = new Set<string>();
  const numClasses = classesIn(of, reading, tensors);
  for (const [name, { shape }] of of.specs) {
    const fileName = reading.fileNames.get(name);
    const tensor = fileName === undefined ? undefined : tensors.get(fileName);
    if (fileName === undefined || !tensor) {
      missing.push(name);
      continue;
    }
    used.add(fileName);
    const axis = of.classAxes.get(name);
    const expected =
      axis === undefined || numClasses === null ? shape : shape.with(axis, numClasses);
    if (sameShape(expected, tensor.shape)) matched.push(name);
    else misshapen.push(`${name}: expected ${text(expected)}, received ${text(tensor.shape)}`);
  }
  const rest = [...tensors.keys()].filter((name) => !used.has(name));
  const isOutside = (name: string): boolean =>
    !name.startsWith(reading.prefix) || isCounter(name, tensors) || copies.has(name);
  return {
    ...{ of, reading, matched, missing, misshapen, numClasses },
    unexpected: rest.filter((name) => !isOutside(name)),
    ignored: rest.filter(isOutside),
  };
}

/** The number of classes that the file's classifier was made for. */
function classesIn(of: CandidateForm, { fileNames }: NameReading, tensors: Tensors): number | null {
  for (const [name, axis] of of.classAxes) {
    const shape = tensors.get(fileNames.get(name) ?? '')?.shape;
    if (shape?.length === of.specs.get(name)!.shape.length) return shape[axis]!;
  }
  return null;
}

/** A single number, or none (MindSpore's scalars): a step counter, a loss scale, `num_batches_tracked`. */
function isCounter(name: string, tensors: Tensors): boolean {
  const { shape } = tensors.get(name)!;
  return shape.length <= 1 && sizeOf(shape) <= 1;
}

/** Equal but for last axes of one: `[C, 1, 1]` holds what `[C]` does, a 1×1 convolution what a linear layer does. */
function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const axes = Math.max(a.length, b.length);
  return Array.from({ length: axes }).every((_, axis) => (a[axis] ?? 1) === (b[axis] ?? 1));
}

function text(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
