import { nearest } from '@refold/core';
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

/** `--form`; null where it is not given. @throws RefoldError `RF-USAGE-FLAG-VALUE` */
export function formOf(text: string | undefined): Form | null {
  if (text === undefined) return null;
  const forms = ['train', 'fused'] as const;
  const form = forms.find((one) => one === text);
  if (form) return form;
  throw valueDoesNotFit('--form', 'train or fused', text, nearest(text, forms));
}
