import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of this package; everything that the build reads and writes lies in it. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** Where an addon that was shipped for this platform lies, in prebuildify's layout. */
export function prebuiltPath(): string {
  const platform = `${process.platform}-${process.arch}`;
  return join(packageFolder, 'prebuilds', platform, 'refold-onednn.node');
}

/** Where an addon built on this machine lies. */
export function builtPath(): string {
  return join(packageFolder, 'build', 'refold_onednn.node');
}

/**
 * Files that may be the addon, the first that loads being it: what `REFOLD_ONEDNN_ADDON` names alone, else what was
 * built here, then what was shipped. None with `REFOLD_ONEDNN=no`.
 */
export function addonCandidates(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  if (isLeftOut(env)) return [];
  const named = env['REFOLD_ONEDNN_ADDON'];
  return named ? [named] : [builtPath(), prebuiltPath()];
}

/** Whether the environment asks to do without the device. */
export function isLeftOut(env: NodeJS.ProcessEnv = process.env): boolean {
  return /^(no|0|false|skip)$/i.test(env['REFOLD_ONEDNN'] ?? '');
}

/** The addon's file; null where there is none. */
export function addonPath(env: NodeJS.ProcessEnv = process.env): string | null {
  return addonCandidates(env).find((path) => existsSync(path)) ?? null;
}
