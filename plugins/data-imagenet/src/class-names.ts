import { readFileSync } from 'node:fs';
import path from 'node:path';
import { classesDiffer, classListUnreadable, classNotListed } from './errors.js';
import type { ImageList } from './scan-folder.js';

/**
 * The classes that `data.classes` asks for: names as they are, or from a file (a JSON array, or one name a line).
 * @throws RefoldError RF-DATA-CLASS-LIST
 */
export function listedClasses(
  classes: string | readonly string[] | null,
  baseDir: string,
): readonly string[] | null {
  if (classes === null) return null;
  const file = typeof classes === 'string' ? path.resolve(baseDir, classes) : 'data.classes';
  const names = typeof classes === 'string' ? readNames(file) : classes;
  if (names.length === 0) throw classListUnreadable(file, 'it names no class');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw classListUnreadable(file, `it names '${twice}' twice`);
  return names;
}

function readNames(file: string): string[] {
  try {
    const text = readFileSync(file, 'utf8');
    if (!text.trimStart().startsWith('['))
      return text
        .split(/\r?\n/)
        .map((s) => s.trim())
        .filter(Boolean);
    const names: unknown = JSON.parse(text);
    if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  } catch (error) {
    throw classListUnreadable(file, error instanceof Error ? error.message : String(error), error);
  }
  throw classListUnreadable(file, 'it is JSON, but no array of texts');
}

/** Numbers a split's classes by a list that may hold more of them. @throws RefoldError RF-DATA-CLASS-NOT-LISTED */
export function relabel(list: ImageList, classes: readonly string[]): ImageList {
  const index = new Map(classes.map((name, i) => [name, i]));
  const unknown = list.classes.filter((name) => !index.has(name));
  if (unknown.length > 0) throw classNotListed(list.folder, unknown);
  const labels = list.labels.map((label) => index.get(list.classes[label]!)!);
  return { ...list, classes, labels };
}

/** @throws RefoldError RF-DATA-CLASSES-DIFFER */
export function requireSameClasses(train: ImageList, validation: ImageList): void {
  const missingIn = (a: ImageList, b: ImageList) => {
    const there = new Set(b.classes);
    return a.classes.filter((name) => !there.has(name));
  };
  const [onlyTrain, onlyValidation] = [missingIn(train, validation), missingIn(validation, train)];
  if (onlyTrain.length + onlyValidation.length === 0) return;
  throw classesDiffer(train.folder, validation.folder, onlyTrain, onlyValidation);
}
