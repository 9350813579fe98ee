import type { ModelContext } from '@refold/core';
import type { WeightsFile } from '@refold/formats';
import { notRecognised, prefixEmpty } from './errors.js';
import { candidateForm, type CandidateForm } from './candidate-forms.js';
import { matchForm, type Match } from './match-form.js';
import type { ModelCandidate } from './model-candidates.js';
import { isAverage, readNames, type NameReading } from './read-names.js';

export interface RecogniseOptions {
  readonly sample: ModelContext['sample'];
  /** Take the weights under this prefix, where a file has several (`state_dict_ema`). */
  readonly prefix?: string;
}

/** Under this share of tensors that fit, a file is of another network. */
export const LEAST_SHARE = 0.5;

/**
 * Finds the network that a file's weights belong to: family and variant, form, naming scheme and prefix. A file that fits
 * in part is recognised, too: the match says what is missing, misshapen and unexpected.
 *
 * @throws RefoldError `RF-IMPORT-UNKNOWN` when no candidate fits, with the nearest
 */
export function recognise(
  path: string,
  { tensors }: Pick<WeightsFile, 'tensors'>,
  candidates: readonly ModelCandidate[],
  options: RecogniseOptions,
): Match {
  const names = [...tensors.keys()];
  const trainForms = distinct(candidates.map((one) => candidateForm(one, 'train', options)));
  const search = (forms: Iterable<CandidateForm>, before?: Match): Match | undefined => {
    let best = before;
    for (const of of forms) {
      for (const match of matchesOf(of, names, tensors, options)) {
        if (!best || isBetter(match, best)) best = match;
      }
    }
    return best;
  };
  if (options.prefix !== undefined && options.prefix !== '') {
    requirePrefix(path, options.prefix, names);
  }
  let best = search(trainForms);
  if (!best || problemsOf(best) > 0) {
    // Deriving a fused form takes a while: only of networks whose classifier, which fusing leaves alone, may be this one.
    const heads = trainForms.filter((of) => hasHeadOf(of, names, tensors));
    const forms = (heads.length > 0 ? heads : trainForms).map(({ candidate }) =>
      candidateForm(candidate, 'fused', options),
    );
    best = search(forms, best);
  }
  if (!best || best.matched.length < LEAST_SHARE * best.of.specs.size) {
    throw notRecognised(path, names, best, candidates.length);
  }
  return best;
}

function requirePrefix(path: string, prefix: string, names: readonly string[]): void {
  const start = `${prefix.replace(/\.$/, '')}.`;
  if (names.some((name) => name.startsWith(start))) return;
  const found = new Set(names.flatMap((name) => (name.includes('.') ? [name.split('.')[0]!] : [])));
  throw prefixEmpty(path, prefix, [...found]);
}

/** Options that do not change the tensors make no other candidate. */
function distinct(forms: readonly CandidateForm[]): readonly CandidateForm[] {
  const byTensors = new Map<string, CandidateForm>();
  for (const form of forms) {
    const tensors = [...form.specs.values()].map(({ name, shape }) => [name, shape]);
    const key = JSON.stringify(tensors);
    if (!byTensors.has(key)) byTensors.set(key, form);
  }
  return [...byTensors.values()];
}

/** Whether the file may have this classifier, of any number of classes. */
function hasHeadOf(
  { candidate, specs, classAxes }: CandidateForm,
  names: readonly string[],
  tensors: WeightsFile['tensors'],
): boolean {
  return readNames(candidate.model, names, (name) => classAxes.has(name)).some(({ fileNames }) =>
    [...fileNames].some(([ours, theirs]) => {
      const expected = specs.get(ours)!.shape;
      const received = tensors.get(theirs)!.shape;
      const fits = (size: number, axis: number): boolean =>
        axis === classAxes.get(ours) || size === received[axis];
      return expected.length > 1 && expected.length === received.length && expected.every(fits);
    }),
  );
}

function* matchesOf(
  of: CandidateForm,
  names: readonly string[],
  tensors: WeightsFile['tensors'],
  { prefix }: RecogniseOptions,
): Generator<Match> {
  const readings = readNames(of.candidate.model, names, (name) => of.specs.has(name));
  const most = Math.max(0, ...readings.map(({ fileNames }) => fileNames.size));
  const wanted = (reading: NameReading): boolean =>
    prefix === undefined || prefix === ''
      ? reading.fileNames.size > most / 2
      : reading.prefix.startsWith(`${prefix.replace(/\.$/, '')}.`);
  const copies = new Set(readings.flatMap(({ fileNames }) => [...fileNames.values()]));
  for (const reading of readings.filter(wanted)) yield matchForm(of, reading, tensors, copies);
}

function problemsOf({ missing, misshapen }: Match): number {
  return missing.length + misshapen.length;
}

/**
 * Fewer problems first. Then averaged weights before those they are averages of, as timm does; then the shorter prefix
 * (weights before an optimizer's moments, which are called after them).
 */
function isBetter(a: Match, b: Match): boolean {
  const order =
    problemsOf(a) + a.unexpected.length - (problemsOf(b) + b.unexpected.length) ||
    b.matched.length - a.matched.length ||
    Number(isAverage(b.reading)) - Number(isAverage(a.reading)) ||
    a.reading.prefix.length - b.reading.prefix.length;
  return order < 0;
}
