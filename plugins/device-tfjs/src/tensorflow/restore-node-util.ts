import { createRequire } from 'node:module';

type OldUtil = Record<'isNullOrUndefined' | 'isArray', ((value: unknown) => boolean) | undefined>;

/**
 * tfjs-node 4.22 calls `util.isNullOrUndefined` and `util.isArray`, which Node 23 removed (they were
 * deprecated since Node 4). Puts them back on the module object where they are missing, so that
 * the backend runs on every supported Node; elsewhere it does nothing.
 */
export function restoreNodeUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as OldUtil;
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
