import { z } from 'zod';
import type { NoAttrs } from '../op-attrs.js';

/** Schema of ops without attributes. */
export const noAttrs: z.ZodType<NoAttrs> = z.strictObject({});
