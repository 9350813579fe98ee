import { RefoldError } from '@refold/graph';
import { z } from 'zod';
import type { Match } from './match-form.js';

/** No installed model has these weights. */
export function notRecognised(
  path: string,
  names: readonly string[],
  nearest: Match | undefined,
  candidates: number,
): RefoldError {
  const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
  const near =
    nearest &&
    nearest.matched.length > 0 &&
    `The nearest of ${candidates} networks is ${nearest.of.candidate.model.name} (${nearest.of.form} form): ${nearest.matched.length} of its ${nearest.of.specs.size} tensors are there.`;
  return new RefoldError('RF-IMPORT-UNKNOWN', {
    where: path,
    message: `These are weights of no network that Refold knows.${near ? ` ${near}` : ''}`,
    expected: 'weights of a model that an installed plugin describes (`refold plugins` lists them)',
    received: names.length === 0 ? 'a file without tensors' : `${names.length} tensors: ${some}`,
    hint: 'For a network of your own widths, name a configuration with -c, or --model and its options.',
  });
}

/** A prefix that no tensor of the file has. */
export function prefixEmpty(path: string, prefix: string, found: readonly string[]): RefoldError {
  return new RefoldError('RF-IMPORT-PREFIX', {
    where: path,
    message: `No tensor of the file lies under '${prefix}'.`,
    expected: found.length > 0 ? `one of ${found.slice(0, 8).join(', ')}` : 'no --prefix',
    received: `--prefix ${prefix}`,
  });
}

/** Weights that a training was to start from, of which the network has hardly any. */
export function cannotStartFrom(
  path: string,
  model: string,
  matched: number,
  tensors: number,
  isFused: boolean,
): RefoldError {
  return new RefoldError('RF-IMPORT-OTHER-NETWORK', {
    where: path,
    message: `These are not weights of ${model} in train form: ${matched} of its ${tensors} tensors are there.`,
    hint: isFused
      ? 'They are of a fused network, whose branches are gone: start from its train form.'
      : '`refold import FILE` says what the file is.',
  });
}

/** A list of class names that is none. */
export function badClassNames(path: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-IMPORT-CLASSES', {
    where: path,
    message: 'The class names cannot be used.',
    expected,
    received,
    hint: 'One name per line, or a JSON list of names in the order of the outputs.',
  });
}

/** A network that was recognised, but is not whole. */
export function incomplete(path: string, match: Match, head: readonly string[]): RefoldError {
  const { missing, misshapen, of } = match;
  const lines = [...misshapen, ...missing.map((name) => `${name}: missing`)];
  const shown = lines.slice(0, 12).map((line) => `  ${line}`);
  if (lines.length > shown.length) shown.push(`  … and ${lines.length - shown.length} more`);
  const onlyHead = misshapen.length === 0 && missing.every((name) => head.includes(name));
  return new RefoldError('RF-IMPORT-INCOMPLETE', {
    where: path,
    message: `The weights are nearest to ${of.candidate.model.name} (${of.form} form), but ${lines.length} of its ${of.specs.size} tensors do not fit:\n${shown.join('\n')}`,
    hint: onlyHead
      ? 'Only the classifier is missing: --num-classes N makes a fresh one.'
      : 'The file is of another network, or was not saved whole.',
  });
}

/** Keys of the configuration that say something impossible of a network. */
export function settingDoesNotFit(error: z.ZodError): RefoldError {
  return new RefoldError('RF-IMPORT-SETTING', {
    message: `What was said about the network does not fit:\n${z.prettifyError(error)}`,
    hint: 'These are keys of the configuration: --model.depths, --data.mean, --resolution …',
  });
}

/** A model that no installed plugin describes. */
export function modelNotFound(use: string): RefoldError {
  return new RefoldError('RF-IMPORT-MODEL', {
    message: `No installed plugin describes a model '${use}'.`,
    hint: '`refold plugins` lists the models of every plugin.',
  });
}
