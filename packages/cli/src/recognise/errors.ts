import { RefoldError } from '@refold/graph';
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
    `The nearest of ${candidates} networks is ${nearest.of.candidate.model.name} (${nearest.of.form} form): ${nearest.matched.length} of its ${nearest.of.specs.size} tensors are there.`;
  return new RefoldError('RF-IMPORT-UNKNOWN', {
    where: path,
    message: `These are weights of no network that Refold knows.${near ? ` ${near}` : ''}`,
    expected: 'weights of a model that an installed plugin describes (`refold plugins` lists them)',
    received: names.length === 0 ? 'a file without tensors' : `${names.length} tensors: ${some}`,
    hint: 'For a network of your own widths, name a configuration with -c, or --model and its options.',
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

/** Neither a network nor weights without one. */
export function needsNetwork(path: string): RefoldError {
  return new RefoldError('RF-IMPORT-NO-WEIGHTS', {
    where: path,
    message: 'The file holds no floating-point tensors.',
    hint: 'Name a file of weights.',
  });
}
