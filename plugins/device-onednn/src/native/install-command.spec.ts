import { describe, expect, it } from '@jest/globals';
import { installCommand, usesApt, type SystemFacts } from './install-command.js';

const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
const mint = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n';
const fedora = 'ID=fedora\nVERSION_ID=42\n';
const linux = (osRelease: string, isRoot = false): SystemFacts => ({
  platform: 'linux',
  osRelease,
  isRoot,
});

describe('the command that installs what the build needs', () => {
  it.each<[string, SystemFacts, string | null]>([
    ['root on Debian', linux(debian, true), 'apt-get install --yes cmake libdnnl-dev'],
    ['a user on a kin of it', linux(mint), 'sudo apt-get install --yes cmake libdnnl-dev'],
    ['a user on Fedora', linux(fedora), 'sudo dnf install --assumeyes cmake onednn-devel'],
    [
      'a user of macOS',
      { platform: 'darwin', osRelease: '', isRoot: false },
      'brew install cmake onednn libomp',
    ],
    ['somebody elsewhere', linux('ID=gentoo\n'), null],
  ])('for %s', (_who, system, expected) => {
    const command = installCommand(['cmake', 'onednn'], system);
    expect(command?.join(' ') ?? null).toBe(expected);
  });

  it('is run by set-up itself on Debian and its kin alone', () => {
    const systems = [linux(debian), linux(mint), linux(fedora), linux('')];
    expect(systems.map(usesApt)).toEqual([true, true, false, false]);
  });
});
