import path from 'node:path';
import { openWeights, readModelFile, writeModelFile, type RefoldFile } from '@refold/formats';
import { shapesOf, tensorsOf } from '@refold/graph';
import type { Command } from 'commander';
import { mergeConfig } from '@refold/core';
import { readClassNames } from '../class-names.js';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, valueDoesNotFit, wouldReplaceInput } from '../errors.js';
import { isSameFile } from '../fuse-and-prove.js';
import type { Io } from '../io.js';
import { readArguments, type Arguments } from '../read-arguments.js';
import { isRefoldFile } from '../open-model.js';
import { importSettings } from '../recognise/import-settings.js';
import { checkClassCount, importWeights } from '../recognise/import-weights.js';
import { readOnnxFile } from '../recognise/read-onnx-file.js';
import type { DefineCommand } from './commands.js';

interface ImportCommandOptions extends CommonOptions {
  readonly output?: string;
  readonly classes?: string;
  readonly prefix?: string;
}

/** `refold import` (DESIGN §10). */
interface ImportDocument {
  readonly input: string;
  /** Null where the file was only looked at. */
  readonly output: string | null;
  /** Of the file. */
  readonly format: string;
  /** Package name of the plugin that describes the network; null for a file of ours, which needs none. */
  readonly family: string | null;
  readonly model: string;
  readonly form: RefoldFile['form'];
  readonly numClasses: number;
  readonly scheme: string;
  readonly prefix: string;
  /** Tensors of the network. */
  readonly tensors: number;
  readonly missing: readonly string[];
  /** In the file, but not in the network. */
  readonly unexpected: readonly string[];
  /** In the file, but no weights: counters, optimizer state, other copies of the weights. */
  readonly ignored: readonly string[];
  readonly reinitialised: readonly string[];
  /** What was odd about the file and how it was taken. */
  readonly notes: readonly string[];
}

/** `refold import`: says what a file of weights is, and makes a Refold network of it. */
export const importCommand: DefineCommand = (io) =>
  configuredCommand('import', 'Recognise the weights of another library and take them over.', [
    'refold import RepVGG-A0-train.pth',
    'refold import mobileone_s0.safetensors -o mobileone.safetensors --classes imagenet.txt',
    'refold import repvgg_a0.ckpt -o start.safetensors --num-classes 10 --resolution 160',
  ])
    .usage('<file> [options]')
    .option('-o, --output <file>', 'write the network here; without it, only say what the file is')
    .option('--classes <file>', 'class names: one per line, or a JSON list')
    .option(
      '--prefix <prefix>',
      'of several sets of weights in the file take this (state_dict_ema)',
    )
    .addHelpText(
      'after',
      [
        '',
        'Formats: safetensors (sharded ones by their index), PyTorch, MindSpore, ONNX, NumPy; found by content.',
        'The network is looked for among the models of all installed plugins; --model and its options, or -c, name one.',
        '--num-classes N gives it a fresh classifier. Files do not say how images are prepared: --resolution,',
        '--data.cropPct, --data.interpolation, --data.mean and --data.std do; default: as published for 224 px.',
      ].join('\n'),
    )
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<ImportCommandOptions>(command, 1);
      const { options } = given;
      const [file] = given.words;
      if (file === undefined) throw fileMissing('import', 'a file of weights');
      const input = path.resolve(io.cwd, file);
      const output = options.output === undefined ? null : path.resolve(io.cwd, options.output);
      if (output !== null && isSameFile(input, output)) throw wouldReplaceInput('--output', input);
      const { network, document } = await look(io, input, given);
      if (output !== null) await writeModelFile(output, { ...network, kind: 'model' });
      const result = { ...document, output };
      io.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result));
    });

async function look(
  io: Io,
  input: string,
  given: Arguments<ImportCommandOptions>,
): Promise<{ network: RefoldFile; document: Omit<ImportDocument, 'output'> }> {
  const { prefix, classes: classFile } = given.options;
  const weights = await openWeights(input);
  try {
    const { format, notes } = weights;
    const classes =
      classFile === undefined ? [] : await readClassNames(path.resolve(io.cwd, classFile));
    if (isRefoldFile(weights)) {
      refuseReheading(given);
      const network = named(input, await readModelFile(input), classes);
      return { network, document: { input, format, notes, ...ours(network, 'refold') } };
    }
    const settings = await importSettings(io, given, { classes, prefix });
    if (format === 'onnx') {
      refuseReheading(given);
      const { network: found, notes: read } = await readOnnxFile(input, () =>
        Promise.resolve(settings),
      );
      const network = named(input, found, classes);
      const document = { input, format, notes: [...notes, ...read], ...ours(network, 'onnx') };
      return { network, document };
    }
    const { candidates, options } = settings;
    const imported = await importWeights(input, weights, candidates, options);
    const { match, file: network, reinitialised } = imported;
    const { candidate, form } = match.of;
    const document = {
      ...{ input, format, notes, family: candidate.plugin, model: candidate.model.name, form },
      numClasses: options.numClasses ?? match.numClasses!,
      ...{ scheme: match.reading.scheme, prefix: match.reading.prefix.replace(/\.$/, '') },
      tensors: match.of.specs.size,
      ...{ missing: match.missing, unexpected: match.unexpected, ignored: match.ignored },
      reinitialised,
    };
    return { network, document };
  } finally {
    await weights.close();
  }
}

/** A file that brings its network has its classifier and one set of weights. */
function refuseReheading({ options, flags }: Arguments<ImportCommandOptions>): void {
  const { tree } = mergeConfig({ flags });
  const { numClasses } = (tree.value['model'] ?? {}) as { numClasses?: number };
  const expected = 'nothing: the file brings its network along';
  if (numClasses !== undefined)
    throw valueDoesNotFit('--num-classes', expected, String(numClasses));
  if (options.prefix !== undefined) throw valueDoesNotFit('--prefix', expected, options.prefix);
}

/** With other class names, where some are given. */
function named(file: string, network: RefoldFile, classes: readonly string[]): RefoldFile {
  if (classes.length === 0) return network;
  checkClassCount(file, classes, shapesOf(network.graph).get(network.graph.output)?.[0] ?? 0);
  return { ...network, classes };
}

/** Of a network that the file brings along. */
function ours(network: RefoldFile, scheme: string) {
  const { model, form, graph } = network;
  return {
    ...{ family: null, model, form, numClasses: shapesOf(graph).get(graph.output)?.[0] ?? 0 },
    ...{ scheme, prefix: '', tensors: tensorsOf(graph).length },
    ...{ missing: [], unexpected: [], ignored: [], reinitialised: [] },
  };
}

/** Counters of which every batch norm has one are told once: `61 × num_batches_tracked`. */
function byLastPart(names: readonly string[]): readonly string[] {
  const counter = 'num_batches_tracked';
  const others = names.filter((name) => !name.endsWith(counter));
  const count = names.length - others.length;
  return count > 0 ? [`${count} × ${counter}`, ...others] : others;
}

function describe(document: ImportDocument): string {
  const { model, form, family, numClasses, scheme, prefix, tensors } = document;
  const list = (what: string, names: readonly string[]): string[] =>
    names.length === 0
      ? []
      : [
          `${what} ${names.length}: ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`,
        ];
  return [
    `network        ${model}, ${form} form, ${numClasses} classes${family ? `, of ${family}` : ''}`,
    `file           ${document.format}, names of ${scheme}${prefix ? ` under '${prefix}'` : ''}`,
    `tensors        ${tensors}`,
    ...list('missing       ', document.missing),
    ...list('unexpected    ', document.unexpected),
    ...list('not weights   ', byLastPart(document.ignored)),
    ...list('made afresh   ', document.reinitialised),
    ...document.notes.map((note) => `note           ${note}`),
    document.output === null
      ? 'Nothing was written; -o FILE makes a Refold network of it.'
      : `written        ${document.output}`,
    '',
  ].join('\n');
}
