import type { z } from 'zod';
import { RefoldError } from './refold-error.js';

/** An op got inputs it cannot take. */
export function shapeMismatch(op: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-GRAPH-SHAPE', {
    message: `The op '${op}' does not fit its inputs.`,
    expected,
    received,
  });
}

/** The same error, saying at which node. */
export function unfit(node: string, error: RefoldError): RefoldError {
  const { parts } = error;
  return new RefoldError(error.code, { ...parts, message: `Node '${node}': ${parts.message}` });
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

/** A second node of the op `input`, or a first one under another name. */
export function misplacedInput(node: string): RefoldError {
  return new RefoldError('RF-GRAPH-INPUT', {
    message: `The node '${node}' is not the graph's input.`,
    expected: "exactly one node of the op 'input', the first, named 'input'",
  });
}

/** Attributes that the op does not have, or with values it cannot take. */
export function badAttrs(
  op: string,
  node: string,
  issue: z.core.$ZodIssue | undefined,
): RefoldError {
  const key = issue ? [...issue.path, ...unknownKeys(issue)].join('.') : '';
  return new RefoldError('RF-GRAPH-ATTRS', {
    message: `The node '${node}' (op '${op}') has a bad attribute${key ? ` '${key}'` : ''}.`,
    expected: expectation(issue),
    received: brief(issue?.input),
  });
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return `${issue.expected}`;
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'unrecognized_keys':
      return 'no such key';
    default:
      return issue?.message ?? 'the attributes of the op';
  }
}

function unknownKeys(issue: z.core.$ZodIssue): readonly string[] {
  return issue.code === 'unrecognized_keys' ? issue.keys : [];
}

/** A value as short text, whatever it is. */
function brief(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  text ??= String(typeof value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** A tensor, or the value of a node, larger than any device can index. */
export function tooLarge(name: string, shape: readonly number[], limit: number): RefoldError {
  return new RefoldError('RF-GRAPH-SHAPE', {
    message: `'${name}' is too large.`,
    expected: `at most ${limit} elements`,
    received: `[${shape.join(', ')}]`,
  });
}

/** The graph has no such node. */
export function unknownNode(name: string): RefoldError {
  return new RefoldError('RF-GRAPH-UNKNOWN-NODE', {
    message: `The graph has no node named '${name}'.`,
  });
}

/** A loss was given that is none, or hangs elsewhere than on the output. */
export function badLoss(node: string): RefoldError {
  return new RefoldError('RF-GRAPH-LOSS', {
    message: `The node '${node}' is not a loss of the graph's output.`,
    expected: "a node of the op 'softmax_cross_entropy' whose input is the graph's output",
  });
}

/** A text that is no graph. */
export function badGraphJson(reason: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-GRAPH-JSON', {
    message: `The text is not a graph of version 1: ${reason}`,
    hint: 'Graphs are written by graphToJson; the file may be damaged or of a newer Refold.',
    cause,
  });
}

/** A weight that the graph needs is missing or of another shape. */
export function badWeight(
  name: string,
  expected: readonly number[],
  received: readonly number[] | undefined,
): RefoldError {
  return new RefoldError('RF-GRAPH-WEIGHTS', {
    message: received
      ? `The weight '${name}' has another shape than the graph's.`
      : `The weight '${name}' is missing.`,
    expected: `[${expected.join(', ')}]`,
    ...(received ? { received: `[${received.join(', ')}]` } : {}),
    hint: 'Weights must be those of this very form (train or fused) of the network.',
  });
}

/** A batch that the graph's input does not take. */
export function misfitInput(
  sample: readonly number[],
  shape: readonly number[],
  length: number,
): RefoldError {
  return new RefoldError('RF-GRAPH-SHAPE', {
    message: "The batch does not fit the graph's input.",
    expected: `[${['N', ...sample].join(', ')}]`,
    received: `[${shape.join(', ')}] with ${length} values`,
  });
}

/** The loss is asked for, but not told what to compare with. */
export function missingTargets(node: string): RefoldError {
  return new RefoldError('RF-GRAPH-TARGETS', {
    message: `The loss '${node}' needs targets.`,
    expected: 'class indices or soft rows in the option `targets`',
  });
}

/** A quantisation that is not one of the graph. */
export function badQuantisation(name: string, expected: string, received: string): RefoldError {
  return new RefoldError('RF-GRAPH-QUANTISATION', {
    message: `The quantisation of '${name}' does not fit the network.`,
    expected,
    received,
    hint: 'It may be that of another network: quantise this one again.',
  });
}
