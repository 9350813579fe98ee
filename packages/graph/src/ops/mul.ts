import { shapeMismatch } from '../errors.js';
import { equalShapes } from './equal-shapes.js';
import { noAttrs } from './no-attrs.js';
import type { OpDefinition } from './op-definition.js';

/** y = a · b elementwise; b may be [C, 1, 1] against [C, H, W] (squeeze-excite), and then scales channels. */
export const mul: OpDefinition<'mul'> = {
  op: 'mul',
  inputs: { min: 2, max: 2 },
  attrs: noAttrs,
  shape(_attrs, [a = [], b = []]) {
    const perChannel = a.length === 3 && equalShapes(b, [a[0] ?? 0, 1, 1]);
    if (!perChannel && !equalShapes(a, b)) {
      throw shapeMismatch(
        'mul',
        `[${String(a)}] or [C, 1, 1] as the second input`,
        `[${String(b)}]`,
      );
    }
    return a;
  },
};
