import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this package. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** Where a prebuilt addon of this platform lies (prebuildify's layout). */
export function prebuiltPath(): string {
  const { platform, arch } = process;
  return join(packageFolder, 'prebuilds', `${platform}-${arch}`, 'refold-onednn.node');
}

/** Where an addon built on this machine lies. */
export function builtPath(): string {
  return join(packageFolder, 'build', 'refold_onednn.node');
}

/** The addon to load: `REFOLD_ONEDNN_ADDON`, a prebuilt one, or one built here; null where there is none. */
export function addonPath(): string | null {
  const named = process.env.REFOLD_ONEDNN_ADDON;
  const candidates = named ? [named] : [builtPath(), prebuiltPath()];
  return candidates.find((path) => existsSync(path)) ?? null;
}
