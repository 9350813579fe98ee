import * as documentation from './documentation.mjs';
import * as fileNames from './file-names.mjs';
import * as hygiene from './hygiene.mjs';
import * as imports from './imports.mjs';
import * as manifests from './project-manifests.mjs';
import * as references from './project-references.mjs';
import * as singleCopies from './single-copies.mjs';

/** What holds for the repository as a whole. Each check has a title and gives its problems as text. */
export const checks = [
  manifests,
  references,
  imports,
  singleCopies,
  fileNames,
  hygiene,
  documentation,
];
