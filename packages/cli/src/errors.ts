import { RefoldError } from '@refold/graph';

/** A fused file cannot be turned back. */
export function wrongForm(file: string): RefoldError {
  return new RefoldError('RF-CLI-FORM', {
    message: `'${file}' holds the fused form; its branches are gone.`,
    expected: 'a checkpoint or a model in train form',
    hint: 'Leave out --form train, or name the checkpoint that was fused.',
  });
}

/** A command needs a file that was not named. */
export function fileMissing(command: string, what: string): RefoldError {
  return new RefoldError('RF-USAGE-FILE', {
    message: `refold ${command} needs ${what}.`,
    hint: `See refold ${command} --help.`,
    exitCode: 2,
  });
}

/** The classes of a data set and of a network do not go together. */
export function classesDiffer(
  dataset: readonly string[],
  unknown: readonly string[],
  outputs: number,
): RefoldError {
  const shown = unknown.slice(0, 5).join(', ') + (unknown.length > 5 ? ', …' : '');
  return new RefoldError('RF-CLI-CLASSES', {
    message: `The network does not know the classes of this data: ${shown}.`,
    expected: `class folders among the network's ${outputs} classes`,
    received: `${dataset.length} classes`,
  });
}

/** Nothing says how images are prepared for this network. */
export function noPreprocessing(file: string): RefoldError {
  return new RefoldError('RF-CLI-PREPROCESSING', {
    message: `'${file}' does not say how its images are prepared.`,
    expected: 'a file written by refold train or refold fuse',
  });
}

/** A word on the command line that no flag takes and the command does not expect. */
export function wordNotExpected(command: string, word: string): RefoldError {
  return new RefoldError('RF-USAGE-WORD', {
    message: `refold ${command} does not take '${word}'.`,
    hint: /\.ya?ml$/.test(word)
      ? `Did you mean '--config ${word}'?`
      : `See refold ${command} --help.`,
    exitCode: 2,
  });
}

/** An option of a command with a value that it cannot have. */
export function valueDoesNotFit(
  flag: string,
  expected: string,
  received: string,
  near?: string,
): RefoldError {
  return new RefoldError('RF-USAGE-FLAG-VALUE', {
    message: `The flag '${flag}' has a value that does not fit.`,
    expected,
    received: `'${received}'`,
    ...(near !== undefined && { hint: `Did you mean '${near}'?` }),
    exitCode: 2,
  });
}

/** A file that was named for output cannot be written. */
export function fileNotWritable(flag: string, file: string, cause: unknown): RefoldError {
  return new RefoldError('RF-CLI-UNWRITABLE', {
    message: `The file '${file}' of ${flag} cannot be written: ${(cause as Error).message}`,
    hint: `Give ${flag} a file in a folder that exists, on a disk with room.`,
    cause,
  });
}

/** The fused network would take the place of the network it is made from, whose branches would be lost. */
export function wouldReplaceInput(flag: '--output' | '--report', file: string): RefoldError {
  return new RefoldError('RF-CLI-SAME-FILE', {
    message: `'${file}' is both the input and the output.`,
    expected: `another file in ${flag}: what is there would be lost`,
  });
}

/** A network whose answers are not numbers: a numeric gate. */
export function lossNotFinite(file: string, loss: number): RefoldError {
  return new RefoldError('RF-CLI-NON-FINITE', {
    message: `The network in '${file}' gives a loss that is not finite.`,
    expected: 'a finite number',
    received: String(loss),
    hint: 'Its training diverged, or the file is of other data. Use an earlier checkpoint.',
    exitCode: 3,
  });
}

/** The process that measured a row of `refold benchmark` is gone without an answer. */
export function benchmarkEnded(how: string): RefoldError {
  return new RefoldError('RF-CLI-BENCHMARK', {
    message: 'The process that measured this row ended without a result.',
    expected: 'a row',
    received: how,
    hint: 'It may have run out of memory: lower --batch-size or --resolution.',
  });
}

/** A check needs ONNX Runtime, which is optional. */
export function onnxRuntimeMissing(file: string): RefoldError {
  return new RefoldError('RF-CLI-ONNXRUNTIME-MISSING', {
    where: file,
    message: 'Running an ONNX model needs ONNX Runtime, which is not installed.',
    expected: "the npm package 'onnxruntime-node'",
    hint: 'Install it with npm install --ignore-scripts onnxruntime-node.',
  });
}

/** ONNX Runtime does not take a model, or not these inputs. */
export function onnxRuntimeRefused(file: string, reason: string): RefoldError {
  return new RefoldError('RF-CLI-ONNXRUNTIME-REFUSED', {
    where: file,
    message: 'ONNX Runtime cannot run the model.',
    received: reason,
  });
}

/** An ONNX model answers in another shape than the network that it was made from. */
export function onnxShape(
  file: string,
  output: string,
  expected: readonly number[],
  received: readonly number[],
): RefoldError {
  return new RefoldError('RF-CLI-ONNX-SHAPE', {
    where: file,
    message: `The output '${output}' has another shape.`,
    expected: `[${expected.join(', ')}]`,
    received: `[${received.join(', ')}]`,
  });
}

/** The input keeps weights in a file that writing the output would replace. */
export function externalInTheWay(file: string, output: string): RefoldError {
  return new RefoldError('RF-CLI-SAME-FILE', {
    message: `Writing '${output}' would replace '${file}', which holds weights of the input.`,
    expected: 'an output of another name, or in another folder',
  });
}
