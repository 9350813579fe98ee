import { z } from 'zod';
import { imageShape } from './image-shape.js';
import type { OpDefinition } from './op-definition.js';

/** y[c] = weight[c] · x[c] (layer scale). */
export const scale: OpDefinition<'scale'> = {
  op: 'scale',
  inputs: { min: 1, max: 1 },
  attrs: z.strictObject({ init: z.number() }),
  shape: (_attrs, [input]) => imageShape('scale', input),
  tensors: ({ init }, [input]) => [
    {
      name: 'weight',
      shape: [imageShape('scale', input)[0]],
      kind: 'parameter',
      init: { kind: 'constant', value: init },
    },
  ],
};
