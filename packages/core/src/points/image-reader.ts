import { definePoint } from '../plugin/extension-point.js';
import type { ImageBatch, Preprocessing } from './dataset.js';

/** Reads single image files for a network as evaluation prepares them, without a dataset (`refold predict`). */
export interface ImageReader {
  /**
   * One image: `images` 1, uint8, NHWC, `preprocessing.crop` pixels each way; the caller owns its memory.
   * Fails with RF-DATA-IMAGE-UNREADABLE where the file is missing, empty, truncated or no image.
   * @param path absolute, or relative to `host.baseDir`, the folder in which the command runs
   */
  read(path: string, preprocessing: Preprocessing): Promise<ImageBatch>;
  close(): Promise<void>;
}

/** Has no section: the one listed provider is taken. */
export const ImageReader = definePoint<ImageReader>({
  name: 'ImageReader',
  section: null,
  cardinality: 'one',
});
