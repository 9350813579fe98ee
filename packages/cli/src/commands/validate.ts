import path from 'node:path';
import { composeResolved, Dataset, Device, evaluateSplit, type Evaluation } from '@refold/core';
import { shapesOf } from '@refold/graph';
import type { Command } from 'commander';
import { classMap, withMappedLabels } from '../class-map.js';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing, lossNotFinite } from '../errors.js';
import { evaluationData, withoutModel } from '../evaluation-data.js';
import { loadConfig, pluginFolders } from '../load-config.js';
import { openModel, type OpenModel } from '../open-model.js';
import { formOf } from '../option-values.js';
import { imageCounter } from '../output/image-counter.js';
import { openReporter, type Reporter } from '../output/open-reporter.js';
import { openPredictions } from '../output/open-predictions.js';
import { ofThisRank } from '../rank-options.js';
import { importSettings } from '../recognise/import-settings.js';
import { readArguments, type Arguments } from '../read-arguments.js';
import type { DefineCommand } from './commands.js';

interface ValidateOptions extends CommonOptions {
  readonly checkpoint?: string;
  readonly form?: string;
  readonly predictions?: string;
}

/** `refold validate`: top-1, top-5 and loss of a checkpoint or model on the validation split. */
export const validateCommand: DefineCommand = (io) =>
  configuredCommand('validate', 'Measure a checkpoint or model on the validation split.', [
    'refold validate runs/a0/checkpoints/best.safetensors --data-dir D',
    'refold validate -c configs/imagenette.yaml --ckpt_path fused.safetensors --predictions out.jsonl',
  ])
    .usage('<model> [options]')
    .option('--checkpoint <file>', 'the model, too; also --weights or --ckpt_path')
    .option('--form <form>', 'train or fused; default: what the file holds')
    .option(
      '--predictions <file>',
      'write a line of JSON for every image: image, label, predicted, correct, probability, logits',
    )
    .action(async (_options: unknown, command: Command) => {
      const given = readArguments<ValidateOptions>(command, 1);
      const options = ofThisRank(given.options);
      const form = formOf(options.form);
      const named = options.checkpoint ?? given.words[0] ?? fileAmong(given);
      // Else the configuration may name it (`weights`, MindCV's ckpt_path).
      const preset = named === undefined && options.config ? await loadConfig(io, given) : null;
      const file = named ?? preset?.core.weights;
      if (file === undefined || file === null) {
        throw fileMissing('validate', 'a checkpoint or a model');
      }
      const model = await openModel(path.resolve(io.cwd, file), form, () =>
        importSettings(io, given),
      );
      const from = pluginFolders(io);
      const config =
        preset ??
        (await loadConfig(io, withoutModel(given), await evaluationData(model, given, from)));
      const report = openReporter(io, options);
      const predictions = options.predictions
        ? openPredictions(options.predictions, io.cwd)
        : undefined;
      for (const warning of config.warnings) report.take({ type: 'warned', ...warning });
      const scope = await composeResolved(config, { baseDir: io.cwd }).open(report.take);
      try {
        const dataset = await scope.get(Dataset);
        const device = await scope.get(Device);
        const [outputs = 0] = shapesOf(model.graph).get(model.graph.output) ?? [];
        const map = classMap(dataset.classes, model.classes, outputs);
        const { batchSize } = config.core.data;
        const { precision } = config.core.device;
        const { graph, weights, quantisation } = model;
        const common = { kind: 'inference', batchSize, weights } as const;
        const use = { ...common, precision, ...(quantisation && { quantisation }) };
        const session = await device.load(graph, use);
        const names = model.classes.length > 0 ? model.classes : dataset.classes;
        const counter = imageCounter(io.stderr, dataset.validation.size, options.quiet === true);
        const evaluation = await evaluateSplit({
          split: withMappedLabels(dataset.validation, map),
          batchSize,
          group: device.group,
          infer: (batch) => session.infer(batch),
          onImage: (prediction) => {
            predictions?.add(dataset.validation.sampleName(prediction.sample), names, prediction);
          },
          onProgress: counter.at,
        });
        counter.end();
        await session.close();
        if (!Number.isFinite(evaluation.loss)) throw lossNotFinite(file, evaluation.loss);
        recordEvaluation(report, model, evaluation);
        const document = documentOf(model, evaluation, device.info.name);
        io.stdout.write(options.json ? `${JSON.stringify(document)}\n` : describe(document));
      } finally {
        await scope.close();
        predictions?.close();
        report.close();
      }
    });

/** The file among the configuration's flags: `--weights`, or MindCV's `--ckpt_path`. */
function fileAmong({ flags }: Arguments): string | undefined {
  const given = [flags.tree.value['weights'], flags.mindcv.value['ckpt_path']];
  return given.find((value) => typeof value === 'string');
}

function recordEvaluation(report: Reporter, model: OpenModel, evaluation: Evaluation): void {
  // The newest of the epochs that the checkpoint has seen to their end, counted from 0.
  const epoch = Math.max(0, (model.position?.epoch ?? 0) - 1);
  report.record({ type: 'validated', epoch, ...evaluation });
}

interface ValidateDocument extends Evaluation {
  readonly model: string;
  readonly form: string;
  readonly device: string;
}

function documentOf(model: OpenModel, evaluation: Evaluation, device: string): ValidateDocument {
  return { model: model.model, form: model.form, ...evaluation, device };
}

function describe(document: ValidateDocument): string {
  const { model, form, images, device, top1, top5, loss, imagesPerSecond } = document;
  return (
    `${model} (${form} form), ${images} images on ${device}: ` +
    `top-1 ${top1.toFixed(2)} %, top-5 ${top5.toFixed(2)} %, loss ${loss.toFixed(4)}, ` +
    `${imagesPerSecond.toFixed(1)} img/s\n`
  );
}
