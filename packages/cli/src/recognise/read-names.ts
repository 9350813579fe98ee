import type { Model } from '@refold/core';

/** One way to read a file's names: under which prefix they lie and what they are called in our graphs. */
export interface NameReading {
  /** `timm`, `official`, `refold` … */
  readonly scheme: string;
  /** With its dot at the end (`state_dict.module.`); empty where there is none. */
  readonly prefix: string;
  /** Our name → the file's. */
  readonly fileNames: ReadonlyMap<string, string>;
}

/** Wrappers of wrappers: `state_dict.module.backbone.` is three deep. */
const MOST_PREFIX_PARTS = 6;

/**
 * Every reading of names in which a scheme of the model understands a good part of them. A prefix is found, not known:
 * each name is tried as a whole, without its first part, without its first two …
 *
 * @param isOurs whether a graph of the model has a tensor of this name, in some form
 */
export function readNames(
  model: Model,
  names: readonly string[],
  isOurs: (name: string) => boolean,
): readonly NameReading[] {
  const schemes = { ...model.weightNames, [ownScheme(model)]: (name: string) => name, mindspore };
  return Object.entries(schemes).flatMap(([scheme, toOurs]) => {
    const byPrefix = new Map<string, Map<string, string>>();
    for (const name of names) {
      for (const [prefix, rest] of cuts(name)) {
        const ours = toOurs(rest);
        if (ours === undefined || !isOurs(ours)) continue;
        let reading = byPrefix.get(prefix);
        if (!reading) byPrefix.set(prefix, (reading = new Map<string, string>()));
        reading.set(ours, name);
      }
    }
    return [...byPrefix].map(([prefix, fileNames]) => ({ scheme, prefix, fileNames }));
  });
}

/** What the graph's own names are called. */
export function ownScheme(model: Model): string {
  return model.ownNames ?? 'refold';
}

const FROM_MINDSPORE: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** The graph's own names with MindSpore's for what a batch norm has. */
function mindspore(name: string): string {
  const dot = name.lastIndexOf('.');
  const ours = FROM_MINDSPORE[name.slice(dot + 1)];
  return ours === undefined ? name : `${name.slice(0, dot)}.${ours}`;
}

/** Averages of the weights over the training, which timm takes before the weights themselves. */
export function isAverage({ prefix }: NameReading): boolean {
  return /(^|[._])ema([._]|$)/i.test(prefix);
}

/** The reading that understands most names; undefined where none understands any. */
export function bestReading(
  ...[model, names, isOurs]: Parameters<typeof readNames>
): NameReading | undefined {
  return [...readNames(model, names, isOurs)].sort(
    (a, b) =>
      b.fileNames.size - a.fileNames.size ||
      Number(isAverage(b)) - Number(isAverage(a)) ||
      a.prefix.length - b.prefix.length,
  )[0];
}

function* cuts(name: string): Generator<[prefix: string, rest: string]> {
  let at = 0;
  for (let parts = 0; parts <= MOST_PREFIX_PARTS; parts++) {
    yield [name.slice(0, at), name.slice(at)];
    const dot = name.indexOf('.', at);
    if (dot === -1) return;
    at = dot + 1;
  }
}
