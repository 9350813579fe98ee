import { projects, readJson } from '../lib/projects.mjs';
import { doors } from '../lib/doors.mjs';

export const title = 'Every package.json says what it must';

/** One scope tag, a name that follows from the folder, closed `exports`, ESM, the repository's licence and Node. */
export function problems() {
  const root = readJson('package.json');
  return projects().flatMap((project) => {
    const { dir, manifest, scopes } = project;
    const expect = (ok, text) => (ok ? [] : [`${dir}/package.json: ${text}`]);
    return [
      ...expect(
        scopes.length === 1 && scopes[0] in doors,
        `Expected exactly one tag of ${Object.keys(doors).join(', ')}. Received ${JSON.stringify(scopes)}.`,
      ),
      ...expect(
        expectedName(dir) === null || manifest.name === expectedName(dir),
        `Expected the name ${expectedName(dir)}. Received ${manifest.name}.`,
      ),
      ...expect(manifest.type === 'module', 'Expected "type": "module".'),
      ...expect(
        manifest.private === true || typeof manifest.exports === 'object',
        'Expected "exports", so that only the entry point can be imported.',
      ),
      ...expect(
        manifest.private === true || manifest.license === root.license,
        `Expected the licence ${root.license}.`,
      ),
      ...expect(
        manifest.private === true || manifest.engines?.node === root.engines.node,
        `Expected engines.node ${root.engines.node}. Received ${manifest.engines?.node}.`,
      ),
    ];
  });
}

/** Examples are named by their authors, as a third party would. */
function expectedName(dir) {
  const [room, folder] = dir.split('/');
  if (room === 'packages') return folder === 'create-plugin' ? null : `@refold/${folder}`;
  return room === 'plugins' ? `@refold/plugin-${folder}` : null;
}
