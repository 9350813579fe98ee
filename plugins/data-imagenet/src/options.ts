import { z } from 'zod';

const fraction = z.number().min(0).max(1);
const colour = z.array(z.number()).length(3);
const ascending = (low: number, high: number) => low <= high;

/** The keys of `data` for `use: imagenet`, besides core's own. */
export const imagenetOptions = z.strictObject({
  dir: z
    .string()
    .min(1)
    .describe('Folder that holds one folder per split, in it one folder of images per class.'),
  trainSplit: z.string().min(1).default('train').describe('Folder of the training images in dir.'),
  valSplit: z.string().min(1).default('val').describe('Folder of the validation images in dir.'),
  classes: z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .nullable()
    .default(null)
    .describe(
      'Class folders in the order of their numbers, or a file that lists them (one per line, or a JSON array); ' +
        'splits may then lack some. Default: all folders, sorted.',
    ),
  resolution: z.int().positive().default(224).describe('Side of a sample in pixels.'),
  scale: z
    .tuple([z.number().positive().max(1), z.number().positive().max(1)])
    .refine(([low, high]) => ascending(low, high), 'the smaller value first')
    .default([0.08, 1])
    .describe('Training: part of the image area that a random crop covers, from and to.'),
  ratio: z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([low, high]) => ascending(low, high), 'the smaller value first')
    .default([0.75, 1.3333])
    .describe('Training: width / height of a random crop, from and to.'),
  hflip: fraction.default(0.5).describe('Training: probability of mirroring left and right.'),
  vflip: fraction.default(0).describe('Training: probability of turning upside down.'),
  colorJitter: z
    .union([z.number().min(0), z.array(z.number().min(0)).length(3)])
    .default(0)
    .describe(
      'Training: largest relative change of brightness, contrast and saturation; one number for all, or three.',
    ),
  interpolation: z
    .enum(['bilinear', 'bicubic'])
    .default('bilinear')
    .describe('How images are resized; both with antialiasing, as Pillow does.'),
  cropPct: z
    .number()
    .positive()
    .max(1)
    .default(0.875)
    .describe('Validation: the shorter side becomes resolution / cropPct before the centre crop.'),
  valResize: z
    .int()
    .positive()
    .nullable()
    .optional()
    .describe('Validation: the shorter side in pixels, instead of cropPct; null: not resized.'),
  mean: colour
    .default([0.485, 0.456, 0.406])
    .describe('Mean of red, green and blue on a scale of 0 to 1, subtracted by the network.'),
  std: z
    .array(z.number().positive())
    .length(3)
    .default([0.229, 0.224, 0.225])
    .describe('Standard deviation of red, green and blue, that the network divides by.'),
  shuffle: z.boolean().default(true).describe('Training: draw a new order each epoch.'),
  numSamples: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Training: use only so many images, spread evenly over all.'),
  workers: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Threads that decode; null: one per core.'),
  cache: z
    .enum(['none', 'memory'])
    .default('none')
    .describe("'memory' keeps decoded images, so that each file is decoded once in a run."),
  maxCorrupt: fraction
    .default(0.01)
    .describe(
      'Part of a split that may be unreadable (and is replaced) before the run fails; over 0 allows one at least.',
    ),
});

export type ImagenetOptions = z.infer<typeof imagenetOptions>;
