import { z } from 'zod';
import type { DropAttrs } from '../op-attrs.js';

/** Schema of dropout and drop_path. At rate 1 nothing would be left to scale up. */
export const dropAttrs: z.ZodType<DropAttrs> = z.strictObject({
  rate: z.number().min(0).lt(1),
});
