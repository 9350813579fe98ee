import path from 'node:path';
import { drawNetwork, type DrawnNetwork } from '@refold/draw';
import { writeAtomically } from '@refold/formats';
import { withoutLoss, type Graph } from '@refold/graph';
import { outlineFusion } from '@refold/reparam';
import type { Command } from 'commander';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { configuredNetwork } from '../configured-network.js';
import { fileMissing, wouldReplaceInput, wrongForm } from '../errors.js';
import { isSameFile } from '../fuse-and-prove.js';
import type { Io } from '../io.js';
import { loadConfig } from '../load-config.js';
import { openModel } from '../open-model.js';
import { drawnFormOf } from '../option-values.js';
import { openReporter, type Reporter } from '../output/open-reporter.js';
import { importSettings } from '../recognise/import-settings.js';
import { readArguments, type Arguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

interface DrawOptions extends CommonOptions {
  readonly output?: string;
  readonly form?: string;
  readonly collapse?: boolean;
  readonly unfold?: boolean;
}

/** What is drawn, and the file it comes from, if any. */
interface Subject {
  readonly network: DrawnNetwork;
  readonly file?: string;
}

/** `refold draw`: the network before and after fusion, as a picture. */
export const drawCommand: DefineCommand = (io) =>
  configuredCommand('draw', 'Draw a network before and after fusion, as SVG.', [
    'refold draw runs/a0/checkpoints/best.safetensors -o a0.svg',
    'refold draw configs/repvgg/repvgg_a0.yaml -o a0.svg',
    'refold draw -c configs/repvgg/repvgg_b1g4.yaml --collapse --form train',
  ])
    .usage('[model or configuration] [options]')
    .option('-o, --output <file>', 'where to write; default: <model>.svg in this folder')
    .option('--form <form>', 'both, train or fused; default: both')
    .option('--collapse', 'every block that becomes one convolution as one box')
    .option('--unfold', 'draw every block, also those that are equal to the one before')
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<DrawOptions>(command, 1);
      const { options } = given;
      const form = drawnFormOf(options.form);
      const report = openReporter(io, options);
      try {
        const { network, file } = await subjectOf(io, given, report);
        if (form === 'train' && !network.train) throw wrongForm(file ?? network.title);
        const output = path.resolve(io.cwd, options.output ?? `${network.title}.svg`);
        if (file !== undefined && isSameFile(file, output)) {
          throw wouldReplaceInput('--output', file);
        }
        const svg = drawNetwork(network, {
          ...(form && { form }),
          fold: options.unfold !== true,
          collapse: options.collapse === true,
        });
        const bytes = await writeAtomically(output, (sink) => sink(Buffer.from(svg)));
        const document = {
          ...{ output, bytes },
          nodes: { train: network.train?.nodes.length ?? null, fused: network.fused.nodes.length },
          regions: network.regions.length,
        };
        io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
      } finally {
        report.close();
      }
    });

/** @throws RefoldError `RF-USAGE-FILE` when neither a file nor a configuration was named */
async function subjectOf(
  io: Io,
  given: Arguments<DrawOptions>,
  report: Reporter,
): Promise<Subject> {
  const [word] = given.words;
  const isConfig = word !== undefined && /\.ya?ml$/.test(word);
  if (word !== undefined && !isConfig) {
    const file = path.resolve(io.cwd, word);
    const { model, form, graph } = await openModel(file, null, () => importSettings(io, given));
    return form === 'fused'
      ? { file, network: { title: model, fused: graph, regions: [] } }
      : { file, network: networkOf(model, graph) };
  }
  const options = isConfig ? { ...given.options, config: word } : given.options;
  if (options.config === undefined && given.flags.tree.value['plugins'] === undefined) {
    throw fileMissing('draw', 'a model file or a configuration');
  }
  const config = await loadConfig(io, { ...given, options });
  for (const warning of config.warnings) report.take({ type: 'warned', ...warning });
  const { name, graph } = await configuredNetwork(io, config, report);
  return { network: networkOf(name, graph) };
}

function networkOf(title: string, trained: Graph): DrawnNetwork {
  const { train, fused, regions } = outlineFusion(withoutLoss(trained));
  return {
    ...{ title, train, fused },
    regions: regions.map(({ name, region }) => ({
      name,
      nodes: region.nodes.map((node) => node.name),
    })),
  };
}

function describe(document: {
  readonly output: string;
  readonly nodes: { readonly train: number | null; readonly fused: number };
  readonly regions: number;
}): string {
  const { output, nodes, regions } = document;
  const counts =
    nodes.train === null
      ? `${nodes.fused} nodes`
      : `${nodes.train} nodes, ${nodes.fused} when fused: ${regions} regions become one convolution each`;
  return `${counts}\nwritten  ${output}\n`;
}
