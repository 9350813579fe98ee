/** Modules that give a pickle the run of the machine where pickles are executed. */
const UNSAFE_MODULES: ReadonlySet<string> = new Set([
  ...['os', 'posix', 'nt', 'subprocess', 'sys', 'shutil', 'socket', 'pty', 'commands', 'runpy'],
  ...['importlib', 'ctypes', 'webbrowser', 'code', 'codeop', 'imp', 'pip', 'timeit', 'pdb', 'bdb'],
  ...['platform', 'signal', 'multiprocessing', 'tempfile', 'requests', 'urllib', 'http'],
]);

const BUILTINS: ReadonlySet<string> = new Set(['builtins', '__builtin__']);

const UNSAFE_BUILTINS: ReadonlySet<string> = new Set([
  ...['eval', 'exec', 'execfile', 'compile', '__import__', 'open', 'input', 'breakpoint', 'apply'],
]);

/**
 * True for a name that no weights need and that harms where pickles are run. The list protects nobody here, where nothing is
 * run: it is for telling the user about the file.
 */
export function isUnsafeGlobal(module: string, name: string): boolean {
  if (BUILTINS.has(module)) return UNSAFE_BUILTINS.has(name);
  const dot = module.indexOf('.');
  return UNSAFE_MODULES.has(dot < 0 ? module : module.slice(0, dot));
}
