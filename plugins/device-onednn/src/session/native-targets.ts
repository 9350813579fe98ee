import type { LabelledBatch } from '@refold/core';
import { batchMismatch } from '../errors.js';
import type { NativeBatch } from '../native/native-addon.js';

/**
 * Labels or soft targets of a batch, whichever the loss compares with; a loss with soft targets takes labels where a batch
 * has no targets.
 *
 * @throws RefoldError `RF-DEVICE-BATCH` where they do not fit the logits
 */
export function nativeTargets(
  { images, labels, targets }: LabelledBatch,
  classes: number,
  soft: boolean,
): Pick<NativeBatch, 'labels' | 'targets'> {
  if (soft && targets) {
    if (targets.length === images * classes) return { targets };
    const expected = `${images * classes} soft targets`;
    throw batchMismatch('its targets', expected, String(targets.length));
  }
  const wrong = labels.findIndex((label) => label < 0 || label >= classes);
  if (labels.length === images && wrong < 0) return { labels };
  throw batchMismatch(
    'its labels',
    `${images} labels from 0 to ${classes - 1}`,
    wrong >= 0 ? `label ${labels[wrong]}` : `${labels.length} labels`,
  );
}
