import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../lib/root.mjs';
import { repositoryFiles } from '../lib/source-files.mjs';

export const title = 'Documentation links resolve and every extension point has its page';

const CODE_BLOCK = /^(```|~~~)[\s\S]*?^\1/gm;

export function problems() {
  const pages = repositoryFiles().filter((path) => path.endsWith('.md'));
  return [
    ...pages.flatMap((page) => [...linkProblems(page), ...recipeProblems(page)]),
    ...markerProblems('docs/performance.md'),
    ...commentProblems(),
    ...pointProblems(),
  ];
}

/** Links to files of the repository and to headings in them; the outside world is not asked. */
function linkProblems(page) {
  const prose = withoutCode(readFileSync(join(root, page), 'utf8'));
  return [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].flatMap(([, link]) => {
    if (/^[a-z][a-z+.-]*:/i.test(link)) return [];
    const [file, heading] = link.split('#');
    const target = file === '' ? page : join(dirname(page), decodeURIComponent(file));
    if (!existsSync(join(root, target))) return [`${page}: the link ${link} leads nowhere.`];
    if (heading === undefined || !target.endsWith('.md')) return [];
    return headings(target).includes(heading)
      ? []
      : [`${page}: ${target} has no heading #${heading}.`];
  });
}

/** Recipes that commands in code blocks name; those called `…_ascend.yaml` are MindCV's and lie elsewhere. */
function recipeProblems(page) {
  const code = readFileSync(join(root, page), 'utf8').match(CODE_BLOCK) ?? [];
  return [...code.join('\n').matchAll(/\bconfigs\/[\w./-]+\.yaml\b/g)]
    .filter(([path]) => !path.endsWith('_ascend.yaml') && !existsSync(join(root, path)))
    .map(([path]) => `${page}: a code block names ${path}, which is not there.`);
}

/** Pairs of `<!-- name -->` and `<!-- /name -->` between which a benchmark was to write its figures. */
function markerProblems(page) {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/<!-- ([\w-]+) -->\s*<!-- \/\1 -->/g)].map(
    ([, name]) => `${page}: Expected something between the markers '${name}'.`,
  );
}

/** Pages that comments in the code refer to by their path from the root, numbers of decisions among them. */
function commentProblems() {
  const files = repositoryFiles();
  return files
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const named = [...text.matchAll(/\bdocs\/(?:adr\/\d{4}|[a-z/-]+\.md)/g)].map(
        ([page]) => page,
      );
      return named
        .filter((page) => !files.some((file) => file.startsWith(page)))
        .map((page) => `${path}: refers to ${page}, which is not there.`);
    });
}

/** Every file in core/src/points defines one point; its page names the point's conformance kit. */
function pointProblems() {
  return repositoryFiles()
    .filter((path) => /^packages\/core\/src\/points\/[a-z-]+\.ts$/.test(path))
    .flatMap((path) => {
      const [, point] = readFileSync(join(root, path), 'utf8').match(/definePoint<(\w+)>/) ?? [];
      if (!point) return [];
      const page = `docs/extension-points/${path.match(/([a-z-]+)\.ts$/)[1]}.md`;
      if (!existsSync(join(root, page))) return [`${page}: Expected a page about ${point}.`];
      return readFileSync(join(root, page), 'utf8').includes(`describe${point}`)
        ? []
        : [`${page}: Expected it to name the conformance kit describe${point}.`];
    });
}

function headings(page) {
  return [...withoutCode(readFileSync(join(root, page), 'utf8')).matchAll(/^#+ +(.+)$/gm)].map(
    ([, text]) =>
      text
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
  );
}

function withoutCode(markdown) {
  return markdown.replace(CODE_BLOCK, '');
}
