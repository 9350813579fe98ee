import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { composeResolved, Dataset, Device, evaluateSplit } from '@refold/core';
import { shapesOf } from '@refold/graph';
import { Option } from 'commander';
import { classMap, withMappedLabels } from '../class-map.js';
import { configuredCommand, type CommonOptions } from '../common-options.js';
import { fileMissing } from '../errors.js';
import { loadConfig } from '../load-config.js';
import { openModel, type Form } from '../open-model.js';
import type { DefineCommand } from './commands.js';

interface ValidateOptions extends CommonOptions {
  readonly checkpoint?: string;
  readonly form?: Form;
  readonly predictions?: string;
}

/** `refold validate`: top-1, top-5 and loss of a checkpoint or model on the validation split. */
export const validateCommand: DefineCommand = (io) =>
  configuredCommand('validate', 'Measure a checkpoint or model on the validation split.', [
    'refold validate -c configs/imagenette.yaml --data-dir D --ckpt_path runs/a0/checkpoints/best.safetensors',
    'refold validate --ckpt_path fused.safetensors --data-dir D --predictions out.jsonl',
  ])
    .addOption(
      new Option('--checkpoint <file>', 'checkpoint or model; also --weights or --ckpt_path'),
    )
    .addOption(
      new Option('--form <form>', 'train or fused; default: what the file holds').choices([
        'train',
        'fused',
      ]),
    )
    .option('--predictions <file>', 'write a line of JSON for every image')
    .action(async (options: ValidateOptions, command: { args: string[] }) => {
      const file = options.checkpoint ?? fileOf(command.args);
      if (file === undefined) throw fileMissing('validate', 'a checkpoint (--ckpt_path FILE)');
      const model = await openModel(path.resolve(io.cwd, file), options.form ?? null);
      const { config } = await loadConfig(io, command.args, {
        ...options,
        ...(model.config && { fallback: model.config }),
      });
      const scope = await composeResolved(config, { baseDir: io.cwd }).open();
      try {
        const dataset = await scope.get(Dataset);
        const device = await scope.get(Device);
        const [outputs = 0] = shapesOf(model.graph).get(model.graph.output) ?? [];
        const map = classMap(dataset.classes, model.classes, outputs);
        const { batchSize } = config.core.data;
        const { precision } = config.core.device;
        const { graph, weights } = model;
        const use = { kind: 'inference', batchSize, precision, weights } as const;
        const session = await device.load(graph, use);
        const lines: string[] = [];
        const names = model.classes.length > 0 ? model.classes : dataset.classes;
        const evaluation = await evaluateSplit({
          split: withMappedLabels(dataset.validation, map),
          batchSize,
          group: device.group,
          infer: (batch) => session.infer(batch),
          onImage: ({ sample, label, predicted, logits }) => {
            if (!options.predictions) return;
            const image = dataset.validation.sampleName(sample);
            lines.push(
              JSON.stringify({
                image,
                label: names[label],
                predicted: names[predicted],
                logits: [...logits],
              }),
            );
          },
          onProgress: (images) => {
            if (options.quiet || options.json || !process.stderr.isTTY) return;
            io.stderr.write(`\r${images} / ${dataset.validation.size} images`);
          },
        });
        await session.close();
        if (options.predictions) {
          writeFileSync(path.resolve(io.cwd, options.predictions), `${lines.join('\n')}\n`);
        }
        const { images, top1, top5, loss, imagesPerSecond } = evaluation;
        const document = {
          model: model.model,
          form: model.form,
          images,
          top1,
          top5,
          loss,
          imagesPerSecond,
          device: device.info.name,
        };
        io.stdout.write(
          options.json
            ? `${JSON.stringify(document)}\n`
            : `${model.model} (${model.form} form), ${images} images on ${device.info.name}: ` +
                `top-1 ${top1.toFixed(2)} %, top-5 ${top5.toFixed(2)} %, loss ${loss.toFixed(4)}, ` +
                `${imagesPerSecond.toFixed(1)} img/s\n`,
        );
      } finally {
        await scope.close();
      }
    });

/** The file among the configuration's flags, so that MindCV's spelling works before the configuration is known. */
function fileOf(args: readonly string[]): string | undefined {
  const spelled = /^--(weights|ckpt[-_]path)(?:=(.*))?$/;
  for (const [at, arg] of args.entries()) {
    const match = spelled.exec(arg);
    if (match) return match[2] ?? args[at + 1];
  }
  return undefined;
}
