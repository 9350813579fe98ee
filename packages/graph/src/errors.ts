import { RefoldError } from './refold-error.js';

/** An op got inputs it cannot take. */
export function shapeMismatch(op: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-GRAPH-SHAPE', {
    message: `The op '${op}' does not fit its inputs.`,
    expected,
    received,
  });
}

/** Two nodes with one name. */
export function duplicateName(name: string): RefoldError {
  return new RefoldError('RF-GRAPH-DUPLICATE-NAME', {
    message: `Two nodes are named '${name}'.`,
    expected: 'unique node names',
  });
}

/** A node refers to a node that does not exist (yet). */
export function unknownInput(node: string, input: string): RefoldError {
  return new RefoldError('RF-GRAPH-UNKNOWN-INPUT', {
    message: `The node '${node}' takes its input from '${input}', which does not come before it.`,
  });
}
