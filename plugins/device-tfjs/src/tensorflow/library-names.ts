/** Names under which a platform keeps libtensorflow. */
export interface LibraryNames {
  /** Libraries that export the eager C API, the preferred name first. */
  readonly api: readonly string[];
  /** libtensorflow_framework, which the first needs beside it; empty where there is none. */
  readonly framework: readonly string[];
}

/**
 * File names of libtensorflow by platform. The Python wheels hold `libtensorflow_cc`, the C
 * releases (and tfjs-node's own download) `libtensorflow`; both export the C API.
 */
export function libraryNames(platform: NodeJS.Platform): LibraryNames {
  if (platform === 'win32') return { api: ['tensorflow.dll'], framework: [] };
  if (platform === 'darwin') {
    return {
      api: ['libtensorflow_cc.2.dylib', 'libtensorflow.2.dylib', 'libtensorflow.dylib'],
      framework: ['libtensorflow_framework.2.dylib', 'libtensorflow_framework.dylib'],
    };
  }
  return {
    api: ['libtensorflow_cc.so.2', 'libtensorflow.so.2', 'libtensorflow.so'],
    framework: ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  };
}
