export * from './refold-error.js';
export * from './tensor.js';
export * from './op-attrs.js';
export * from './graph.js';
export * from './graph-builder.js';
export * from './update-rule.js';
export * from './random.js';
