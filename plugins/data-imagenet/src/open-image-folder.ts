import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Dataset, Host, Preprocessing } from '@refold/core';
import { isRefoldError } from '@refold/graph';
import { absentSplit } from './absent-split.js';
import { listedClasses, relabel, requireSameClasses } from './class-names.js';
import { CorruptImages } from './corrupt-images.js';
import { DecodePool } from './decode-pool.js';
import { ImageFolderSplit } from './image-folder-split.js';
import { memoryCache } from './memory-cache.js';
import type { ImagenetOptions } from './options.js';
import type { Augmentation, Evaluation } from './prepare-sample.js';
import { type ImageList, scanFolder } from './scan-folder.js';

/**
 * Lists the two splits; decodes nothing yet. Without a training folder the dataset is for validation alone: the first
 * use of `train` fails.
 *
 * @throws RefoldError RF-DATA-… for folders and class lists that do not fit
 */
export async function openImageFolder(
  options: ImagenetOptions,
  host: Pick<Host, 'baseDir' | 'emit'>,
): Promise<Dataset> {
  const dir = path.resolve(host.baseDir, options.dir);
  const listed = listedClasses(options.classes, host.baseDir);
  const numbered = (list: ImageList) => (listed ? relabel(list, listed) : list);
  const validation = numbered(await scanFolder(path.join(dir, options.valSplit)));
  const train = await scanFolder(path.join(dir, options.trainSplit)).then(numbered, onlyMissing);
  if (!listed && 'files' in train) requireSameClasses(train, validation);

  const pool = new DecodePool(options.workers ?? availableParallelism());
  const { emit } = host;
  const split = (
    list: ImageList,
    recipe: Augmentation | Evaluation,
    shuffle = recipe.kind === 'train' && options.shuffle,
  ) => {
    const pathOf = (sample: number) => path.join(list.folder, list.files[sample]!);
    const { length } = list.files;
    return new ImageFolderSplit({
      list,
      recipe,
      pool,
      shuffle,
      corrupt: new CorruptImages(list.folder, length, options.maxCorrupt, pathOf, emit),
      cache:
        options.cache === 'memory' ? memoryCache(list, recipe, emit) : () => Promise.resolve(null),
    });
  };
  const { resolution } = options;
  const evaluation = evaluationOf(options);
  const evaluated = { kind: 'evaluation', ...evaluation } as const;
  return {
    classes: validation.classes,
    sample: { channels: 3, height: resolution, width: resolution },
    normalization: { mean: options.mean, std: options.std },
    preprocessing: evaluation,
    train:
      'files' in train
        ? split(spread(train, options.numSamples), augmentationOf(options))
        : absentSplit(train),
    validation: split(validation, evaluated),
    ...('files' in train && { calibration: split(train, evaluated, true) }),
    close: () => pool.close(),
  };
}

function onlyMissing(error: unknown): Error {
  if (isRefoldError(error) && error.code === 'RF-DATA-NO-FOLDER') return error;
  throw error;
}

function evaluationOf(options: ImagenetOptions): Preprocessing {
  const { resolution, cropPct, valResize, interpolation } = options;
  const resize = valResize === undefined ? Math.floor(resolution / cropPct) : valResize;
  return { resize, crop: resolution, interpolation, channels: 3 };
}

function augmentationOf(options: ImagenetOptions): Augmentation {
  const { resolution, scale, ratio, hflip, vflip, interpolation, colorJitter: jitter } = options;
  const [brightness, contrast, saturation] =
    typeof jitter === 'number' ? [jitter, jitter, jitter] : jitter;
  const colorJitter = [brightness!, contrast!, saturation!] as const;
  return { kind: 'train', resolution, scale, ratio, hflip, vflip, interpolation, colorJitter };
}

/** Takes `count` images at equal distances, so that every class keeps its share. */
function spread(list: ImageList, count: number | null): ImageList {
  const size = list.files.length;
  if (count === null || count >= size) return list;
  const taken = Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
  return {
    ...list,
    files: taken.map((i) => list.files[i]!),
    labels: Int32Array.from(taken, (i) => list.labels[i]!),
  };
}
