/**
 * Which project may import which (DESIGN §2), by `scope:` tag. Used by eslint and by the repository checks,
 * so that there is one list. `kits` are libraries without side effects that plugins build on.
 */
const kits = ['scope:pure', 'scope:formats', 'scope:tfjs'];
const published = [
  'scope:core',
  'scope:graph',
  'scope:testing',
  'scope:cli',
  'scope:plugin',
  ...kits,
];

/** @type {Readonly<Record<string, { source: readonly string[], specs?: readonly string[] }>>} `specs`: more doors, for *.spec.ts only */
export const doors = {
  'scope:graph': { source: [] },
  'scope:pure': { source: ['scope:graph'] },
  'scope:formats': { source: ['scope:graph'] },
  'scope:core': { source: ['scope:graph'] },
  'scope:tfjs': { source: ['scope:core', 'scope:graph'], specs: ['scope:testing'] },
  'scope:testing': { source: ['scope:core', 'scope:graph'] },
  // A plugin never imports a plugin: a type that two share is an extension point.
  'scope:plugin': { source: ['scope:core', 'scope:graph', ...kits], specs: ['scope:testing'] },
  // The command line loads plugins by name.
  'scope:cli': {
    source: ['scope:core', 'scope:graph', ...kits],
    specs: ['scope:testing'],
  },
  'scope:example': { source: published },
  'scope:e2e': { source: published },
};

/** Tags of the projects that must never see TensorFlow. */
export const withoutTensorFlow = ['scope:graph', 'scope:pure', 'scope:core', 'scope:formats'];
