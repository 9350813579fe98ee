import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runTool } from './run-tool.js';

/** What the build needs from the system. */
export type BuildTool = 'cmake' | 'make' | 'compiler' | 'onednn';

/** For messages. */
export const toolNames: Readonly<Record<BuildTool, string>> = {
  cmake: 'CMake',
  make: 'make',
  compiler: 'a C++ compiler',
  onednn: "oneDNN's headers (dnnl.hpp)",
};

/** Where libraries are installed besides the folders of CMAKE_PREFIX_PATH, which CMake looks into first. */
const prefixes = ['/usr/local', '/usr', '/opt/homebrew'];

/** Which of the tools are not there. */
export async function missingBuildTools(env: NodeJS.ProcessEnv): Promise<BuildTool[]> {
  const works = async (command: string) =>
    (await runTool(command, ['--version'], env)).exitCode === 0;
  const named = env['CXX'];
  const compilers = named ? [named] : ['c++', 'g++', 'clang++'];
  const isThere: Record<BuildTool, () => Promise<boolean>> = {
    cmake: () => works('cmake'),
    make: () => works('make'),
    compiler: async () => {
      for (const compiler of compilers) if (await works(compiler)) return true;
      return false;
    },
    onednn: () => Promise.resolve(includeFolders(env).some((folder) => hasHeader(folder))),
  };
  const missing: BuildTool[] = [];
  for (const [tool, check] of Object.entries(isThere) as [BuildTool, () => Promise<boolean>][])
    if (!(await check())) missing.push(tool);
  return missing;
}

function includeFolders(env: NodeJS.ProcessEnv): string[] {
  const own = env['CMAKE_PREFIX_PATH']?.split(delimiter).filter((folder) => folder !== '') ?? [];
  return [...own, ...prefixes].map((folder) => join(folder, 'include'));
}

function hasHeader(folder: string): boolean {
  return existsSync(join(folder, 'dnnl.hpp'));
}
