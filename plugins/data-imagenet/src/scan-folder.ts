import { type Dirent, readdirSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { classesWithoutImages, noClasses, noFolder } from './errors.js';

/** What sharp's own binaries decode. */
export const EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif'] as const;

/** The images of one split, class by class. */
export interface ImageList {
  /** Absolute. */
  readonly folder: string;
  /** Folder names, sorted by code unit (as Python sorts them). */
  readonly classes: readonly string[];
  /** Paths relative to `folder`, sorted within each class. */
  readonly files: readonly string[];
  /** Index into `classes` of each file. */
  readonly labels: Int32Array;
}

/**
 * Lists an ImageFolder tree as torchvision does: one class per folder, images at any depth below it, links followed,
 * files with other endings passed over. Opens no image.
 *
 * @param folder absolute path of the split
 * @throws RefoldError RF-DATA-NO-FOLDER, RF-DATA-NO-CLASSES, RF-DATA-CLASS-WITHOUT-IMAGES
 */
export async function scanFolder(folder: string): Promise<ImageList> {
  const entries = await entriesOf(folder).catch((error: unknown) => {
    throw missing(folder, error);
  });
  const classes = entries.filter(({ folder: is }) => is).map(({ name }) => name);
  if (classes.length === 0)
    throw noClasses(
      folder,
      entries.map(({ name }) => name),
    );
  const files: string[] = [];
  const counts: number[] = [];
  for (const name of classes) {
    const images = await imagesBelow(folder, name);
    counts.push(images.length);
    for (const image of images) files.push(image);
  }
  const empty = classes.filter((_, label) => counts[label] === 0);
  if (empty.length > 0) throw classesWithoutImages(folder, empty, EXTENSIONS);
  const labels = new Int32Array(files.length);
  let from = 0;
  for (const [label, count] of counts.entries()) labels.fill(label, from, (from += count));
  return { folder, classes, files, labels };
}

async function imagesBelow(root: string, folder: string): Promise<string[]> {
  const images: string[] = [];
  const folders: string[] = [];
  for (const entry of await entriesOf(path.join(root, folder))) {
    const name = `${folder}/${entry.name}`;
    if (entry.folder) folders.push(name);
    else if (isImage(entry.name)) images.push(name);
  }
  for (const name of folders) images.push(...(await imagesBelow(root, name)));
  return images;
}

function isImage(name: string): boolean {
  const extension = path.extname(name).slice(1).toLowerCase();
  return (EXTENSIONS as readonly string[]).includes(extension);
}

/** Sorted by name; hidden ones left out. */
async function entriesOf(folder: string): Promise<{ name: string; folder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const seen = entries.filter(({ name }) => !name.startsWith('.'));
  seen.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return Promise.all(
    seen.map(async (entry) => ({ name: entry.name, folder: await isFolder(folder, entry) })),
  );
}

async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(path.join(parent, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}

function missing(folder: string, cause: unknown): unknown {
  for (let parent = path.dirname(folder); ; parent = path.dirname(parent)) {
    try {
      return noFolder(folder, parent, readdirSync(parent).sort(), cause);
    } catch {
      if (parent === path.dirname(parent)) return cause;
    }
  }
}
