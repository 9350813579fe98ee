import { stringify } from 'yaml';
import type { ResolvedConfig } from './resolve-config.js';

/** A resolved configuration as a complete YAML file; resolving that gives the same again. */
export function printConfig({ json }: Pick<ResolvedConfig, 'json'>): string {
  return stringify(json, { lineWidth: 100, flowCollectionPadding: true });
}
