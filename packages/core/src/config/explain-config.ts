import { originAt, isMapping } from './config-tree.js';
import { coreTopLevel } from './core-schema.js';
import { originText } from './origin.js';
import type { ResolvedConfig } from './resolve-config.js';
import { descriptionOf, schemaAt } from './schema-keys.js';
import type { Share } from './config-share.js';

/** One leaf of a resolved configuration. */
export interface ConfigExplanation {
  /** `data.batchSize` */
  readonly path: string;
  readonly value: unknown;
  /** `configs/x.yaml:12:3`, `--batch-size`, `default`. */
  readonly origin: string;
  /** What it does; empty where its owner does not say. */
  readonly description: string;
}

/** Every value of a resolved configuration, in its order, with where it came from and what it does. */
export function explainConfig(
  config: Pick<ResolvedConfig, 'json' | 'origins' | 'shares'>,
): ConfigExplanation[] {
  const rows: ConfigExplanation[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (isMapping(value) && Object.keys(value).length > 0) {
      for (const [key, held] of Object.entries(value)) visit(held, [...path, key]);
      return;
    }
    rows.push({
      path: path.join('.'),
      value,
      origin: originText(originAt(config.origins, path)),
      description: descriptionAt(config.shares, path),
    });
  };
  visit(config.json, []);
  return rows.filter(({ path }) => path !== '');
}

function descriptionAt(shares: readonly Share[], path: readonly string[]): string {
  const [section = '', ...rest] = path;
  if (rest.length === 0) return descriptionOf(schemaAt(coreTopLevel, path)) ?? '';
  for (const share of shares) {
    if (share.section !== section || share.schema === undefined) continue;
    const [key = '', ...inner] = rest;
    const option = Object.keys(share.rename).find((name) => share.rename[name] === key) ?? key;
    const description = descriptionOf(schemaAt(share.schema, [option, ...inner]));
    if (description !== undefined) return description;
  }
  return '';
}
