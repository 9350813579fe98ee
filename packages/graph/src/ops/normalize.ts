import { z } from 'zod';
import { shapeMismatch } from '../errors.js';
import { imageShape } from './image-shape.js';
import type { OpDefinition } from './op-definition.js';

/** y[c] = (x[c] / 255 − mean[c]) / std[c]: bytes to the floats that the network was trained on. */
export const normalize: OpDefinition<'normalize'> = {
  op: 'normalize',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({
    mean: z.array(z.number()).min(1).readonly(),
    std: z.array(z.number().positive()).min(1).readonly(),
  }),
  shape({ mean, std }, [input]) {
    const image = imageShape('normalize', input);
    if (mean.length !== image[0] || std.length !== image[0]) {
      throw shapeMismatch(
        'normalize',
        `a mean and a std for each of ${image[0]} channels`,
        `${mean.length} means and ${std.length} stds`,
      );
    }
    return image;
  },
};
