export { guardProcess } from './guard-process.js';
export { main } from './main.js';
