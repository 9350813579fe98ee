import { loadKoffi } from './load-koffi.js';

/**
 * Settings of UCX, the transport below many builds of MPI, that go with Node. What the user set wins.
 *
 * - It replaces the C library's memory functions to follow what is mapped. In a process with threads of others that
 *   damages the heap now and then (openucx/ucx#3831). Without, it registers memory anew for each message on networks
 *   that need that.
 * - It catches SIGSEGV, by which V8 notices WebAssembly that leaves its memory.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  UCX_MEM_EVENTS: 'no',
  UCX_ERROR_SIGNALS: 'SIGILL,SIGBUS,SIGFPE',
};

/**
 * To be called before the library is loaded, which reads them at once. Through the C runtime: under jest and in worker
 * threads `process.env` is a copy that native code does not see.
 */
export function setLibraryDefaults(): void {
  const setenv = loadKoffi().load(null).func('setenv', 'int', ['str', 'str', 'int']);
  for (const [name, value] of Object.entries(DEFAULTS)) setenv(name, value, 0);
}
