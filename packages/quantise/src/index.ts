export {
  calibrate,
  DEFAULT_METHOD,
  type CalibrateOptions,
  type ObservedRows,
  type Range,
  type Ranges,
  type Runner,
} from './calibrate.js';
export { evaluateQuantised, type EvaluateQuantisedOptions } from './evaluate-quantised.js';
export { layerErrors, type LayerError, type LayerErrorOptions } from './layer-errors.js';
export { layerResult } from './layer-result.js';
export { observed, observedGroups, observedParts } from './observed.js';
export { planQuantisation, type QuantisationPlan } from './plan-quantisation.js';
export { quantise, valueQuantisation, type QuantiseOptions } from './quantise.js';
export type { CalibrationMethod } from './range-methods.js';
export {
  realOf,
  requantisationFactor,
  requantised,
  storedBounds,
  toStored,
} from './stored-value.js';
