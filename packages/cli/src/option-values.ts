import { nearest } from '@refold/core';
import type { CalibrationMethod } from '@refold/quantise';
import type { BenchmarkWork } from './benchmark/benchmark-row.js';
import { valueDoesNotFit } from './errors.js';
import type { Form } from './open-model.js';

/** A whole number of at least `least`. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw valueDoesNotFit(flag, `a whole number ≥ ${least}`, text);
}

/** A finite number over 0. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function positiveNumber(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw valueDoesNotFit(flag, 'a number > 0', text);
}

/** A percentage over 50 and up to 100. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function percentage(flag: string, text: string): number {
  const value = Number(text);
  if (value > 50 && value <= 100) return value;
  throw valueDoesNotFit(flag, 'a number > 50 and ≤ 100', text);
}

/** `--method` of `refold quantise`; null where it is not given. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function methodOf(text: string | undefined): CalibrationMethod['kind'] | null {
  return oneOf('--method', text, ['max', 'percentile', 'mse']);
}

/** `--form`; null where it is not given. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function formOf(text: string | undefined): Form | null {
  return oneOf('--form', text, ['train', 'fused']);
}

/** `--form` of a picture; null where it is not given. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function drawnFormOf(text: string | undefined): 'both' | Form | null {
  return oneOf('--form', text, ['both', 'train', 'fused']);
}

/** `--work`; null where it is not given. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function workOf(text: string | undefined): BenchmarkWork | 'all' | null {
  return oneOf('--work', text, ['training', 'inference', 'all']);
}

function oneOf<T extends string>(
  flag: string,
  text: string | undefined,
  choices: readonly T[],
): T | null {
  if (text === undefined) return null;
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  const expected = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  throw valueDoesNotFit(flag, expected, text, nearest(text, choices));
}
