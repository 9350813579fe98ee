export type { Pixels } from './pixels.js';
export { resample, type Interpolation, type PixelBox, type Target } from './resample.js';
export { centreCrop, type CentreCrop } from './centre-crop.js';
export { prepareEvaluation, type EvaluationGeometry } from './prepare-evaluation.js';
export { luma, toGrey } from './to-grey.js';
