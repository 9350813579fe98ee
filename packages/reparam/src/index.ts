export type { AxisForm, LinearMap, MapForm, Refusal } from './algebra/linear-map.js';
export { isRefusal } from './algebra/linear-map.js';
export { asConvolution, convolutionAttrs, convolutionForm } from './algebra/as-convolution.js';
export { convForm, convMap } from './rules/conv-map.js';
export { diagonalMap, identityMap } from './rules/diagonal-map.js';
export { batchNormMap, type BatchNormTensors } from './rules/batch-norm-map.js';
export { avgPoolForm, avgPoolMap } from './rules/avg-pool-map.js';
export { compose } from './rules/compose.js';
export { sum } from './rules/sum.js';
export { concat } from './rules/concat.js';
export {
  fuse,
  type FusedRegion,
  type FuseOptions,
  type FusionReport,
  type FusionResult,
} from './fuse.js';
export { fusedForm } from './plan-fusion.js';
export { outlineFusion, type FusionOutline, type OutlinedRegion } from './outline-fusion.js';
export type { Left } from './regions/explain-left.js';
export type { Region } from './regions/region.js';
export { prove, type ProveOptions } from './proof/prove.js';
export type { LogitRows, NetworkRun, WeightedGraph } from './proof/prove-network.js';
export type { FusionProof, NetworkProof, RegionProof } from './proof/fusion-proof.js';
export { checkGate, DEFAULT_GATE, type Gate } from './proof/check-gate.js';
