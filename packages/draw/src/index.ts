export type { DrawnForm, DrawnNetwork, DrawnRegion } from './drawn-network.js';
export { drawNetwork, type DrawOptions } from './draw-network.js';
