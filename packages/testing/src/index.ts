export * from './evaluate-rule.js';
export { sharedFolder } from './shared-folder.js';
