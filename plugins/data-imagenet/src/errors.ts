import { RefoldError } from '@refold/graph';

/** Names for a message: the first few, and how many more. */
function some(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

const contents = (names: readonly string[]) => (names.length === 0 ? 'nothing' : some(names));

/** A split's folder is not there. @param parent the nearest folder above it that exists, with what is in it */
export function noFolder(
  folder: string,
  parent: string,
  inParent: readonly string[],
  cause?: unknown,
): RefoldError {
  return new RefoldError('RF-DATA-NO-FOLDER', {
    message: `There is no folder '${folder}'.`,
    expected: 'one folder per split (train, val), in it one folder per class',
    received: `'${parent}', which holds ${contents(inParent)}`,
    hint: 'Set data.dir (--data-dir), data.trainSplit and data.valSplit to what is there.',
    cause,
  });
}

/** A split's folder holds no folders. */
export function noClasses(folder: string, files: readonly string[]): RefoldError {
  return new RefoldError('RF-DATA-NO-CLASSES', {
    message: `The folder '${folder}' holds no class folders.`,
    expected: `one folder per class ('${folder}/cat', '${folder}/dog')`,
    received: contents(files),
  });
}

/** Class folders without a single image. */
export function classesWithoutImages(
  folder: string,
  classes: readonly string[],
  extensions: readonly string[],
): RefoldError {
  return new RefoldError('RF-DATA-CLASS-WITHOUT-IMAGES', {
    message: `${classes.length === 1 ? 'A class folder' : `${classes.length} class folders`} of '${folder}' hold no image: ${some(classes)}.`,
    expected: `files ending in ${extensions.join(', ')}`,
    hint: 'Remove the empty folders, or put images there.',
  });
}

/** Training and validation folders name other classes. */
export function classesDiffer(
  train: string,
  validation: string,
  onlyTrain: readonly string[],
  onlyValidation: readonly string[],
): RefoldError {
  return new RefoldError('RF-DATA-CLASSES-DIFFER', {
    message: `'${train}' and '${validation}' have different classes.`,
    expected: 'the same class folders in both',
    received: [
      onlyTrain.length > 0 ? `only in training: ${some(onlyTrain)}` : '',
      onlyValidation.length > 0 ? `only in validation: ${some(onlyValidation)}` : '',
    ]
      .filter(Boolean)
      .join('; '),
    hint: 'Where a split has only some classes on purpose, list all of them in data.classes.',
  });
}

/** A folder that `data.classes` does not name. */
export function classNotListed(folder: string, names: readonly string[]): RefoldError {
  return new RefoldError('RF-DATA-CLASS-NOT-LISTED', {
    message: `'${folder}' has class folders that data.classes does not list.`,
    expected: 'folders named in data.classes',
    received: some(names),
  });
}

/** The file of `data.classes` cannot be used. */
export function classListUnreadable(file: string, reason: string, cause?: unknown): RefoldError {
  return new RefoldError('RF-DATA-CLASS-LIST', {
    message: `The class list '${file}' (data.classes) cannot be used: ${reason}.`,
    expected: 'a JSON array of distinct names, or a text file with one name per line',
    cause,
  });
}

/** One image file of its own cannot be read. */
export function imageUnreadable(file: string, reason: string): RefoldError {
  return new RefoldError('RF-DATA-IMAGE-UNREADABLE', {
    message: `The image '${file}' cannot be read: ${reason}.`,
    expected: 'a whole JPEG, PNG, WebP, GIF, TIFF or AVIF file',
  });
}

/** More unreadable images than allowed. @param found lines of path and reason */
export function tooManyCorrupt(
  folder: string,
  found: readonly string[],
  allowed: number,
  size: number,
): RefoldError {
  const shown = found.slice(0, 50);
  if (found.length > 50) shown.push(`and ${found.length - 50} more`);
  return new RefoldError('RF-DATA-TOO-MANY-CORRUPT', {
    message: `Too many images of '${folder}' cannot be read.`,
    expected: `at most ${allowed} of ${size} (data.maxCorrupt)`,
    received: `${found.length} so far:\n  ${shown.join('\n  ')}`,
    hint: 'Repair or remove these files, or allow more with data.maxCorrupt.',
  });
}

/** Batches are asked of a dataset that was closed. */
export function datasetClosed(): RefoldError {
  return new RefoldError('RF-DATA-CLOSED', {
    message: 'This dataset is closed and gives no more batches.',
    hint: 'Open it again.',
  });
}
