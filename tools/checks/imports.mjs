import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { doors, withoutTensorFlow } from '../lib/doors.mjs';
import { projects } from '../lib/projects.mjs';
import { root } from '../lib/root.mjs';
import { repositoryFiles } from '../lib/source-files.mjs';

export const title = 'Imports go through the doors of DESIGN §2 and are declared';

/** Says the same as eslint's boundary rule without nx's cached graph, and that each import is a dependency. */
export function problems() {
  const all = projects();
  const byName = new Map(all.map((project) => [project.name, project]));
  return repositoryFiles()
    .filter((path) => /\/src\/.*\.ts$/.test(path))
    .flatMap((path) => {
      const project = all.find(({ dir }) => path.startsWith(`${dir}/`));
      if (!project) return [];
      const text = readFileSync(join(root, path), 'utf8');
      return ts
        .preProcessFile(text, true, true)
        .importedFiles.flatMap(({ fileName }) => problem(path, project, fileName, byName));
    });
}

function problem(path, project, specifier, byName) {
  if (specifier.startsWith('.')) return [];
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (name.startsWith('node:')) return [];
  if (builtinModules.includes(name)) return [`${path}: Expected node:${name}. Received ${name}.`];
  const spec = path.endsWith('.spec.ts') || path.includes('/spec-kit/');
  const scope = project.scopes[0];
  const target = byName.get(name);
  if (target && target !== project && scope in doors) {
    const allowed = [...doors[scope].source, ...(spec ? (doors[scope].specs ?? []) : [])];
    const door = target.scopes.find((tag) => allowed.includes(tag));
    if (!door)
      return [
        `${path}: ${scope} may import ${allowed.join(', ') || 'nothing of ours'}. Received ${name} (${target.scopes.join()}).`,
      ];
  }
  if (withoutTensorFlow.includes(scope) && name.startsWith('@tensorflow/'))
    return [`${path}: ${scope} never imports TensorFlow. Received ${specifier}.`];
  return undeclared(path, project, name, spec);
}

function undeclared(path, { name: own, manifest }, name, spec) {
  const declared = {
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
    ...(spec ? manifest.devDependencies : {}),
  };
  if (name in declared || name === own || (spec && name === '@jest/globals')) return [];
  return [`${path}: imports ${name}, which its package.json does not declare.`];
}
