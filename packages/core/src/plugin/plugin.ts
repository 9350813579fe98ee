import type { z } from 'zod';
import type { RefoldEvent } from '../events/refold-event.js';
import type { DeviceProbe } from '../points/device.js';
import type { ExtensionPoint } from './extension-point.js';

/** Points that a provider needs, by the name under which `create` gets them. */
export type Needs = Readonly<Record<string, ExtensionPoint<unknown>>>;
export type Resolved<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends ExtensionPoint<infer T>
    ? N[K]['cardinality'] extends 'many'
      ? readonly T[]
      : T
    : never;
};

/** What the pipeline lends to every provider. */
export interface Host {
  /** Publishes an event of the run (a warning, a replaced sample). */
  emit(event: RefoldEvent): void;
  /** Folder that relative paths of the configuration refer to; absolute. */
  readonly baseDir: string;
  readonly seed: number;
}

export interface Provider<T, N extends Needs = Needs, O = unknown> {
  /** Names by which the point's section chooses it (`model: { use: repvgg_a0 }`). Required for points with a section of cardinality one. */
  readonly use?: readonly string[];
  /** Schema of the section's other keys; what it parses is given to `create` as `options`. Default: none allowed. */
  readonly options?: z.ZodType<O>;
  readonly needs?: N;
  /** Devices only: whether it would work here. Cheap, makes nothing. */
  probe?(): Promise<DeviceProbe>;
  /** Devices only: `auto` tries higher ones first. */
  readonly preference?: number;
  /**
   * Devices only: it wraps another device, which `create` gets as `inner`: the one that `device.inner` names. It wraps
   * the device that is used without being named where this says so (a process that was started as one of several).
   */
  wraps?(): boolean;
  /** Makes the one instance of a run. If it has `close()`, the pipeline calls that at the end, in reverse order of making. */
  create(
    given: Resolved<N> & {
      readonly use: string;
      readonly options: O;
      readonly host: Host;
      /** The wrapped device, for a provider that `wraps`. Closed by the wrapper. */
      readonly inner?: unknown;
    },
  ): T | Promise<T>;
}

export type Provide = <T, N extends Needs = Record<never, never>, O = unknown>(
  point: ExtensionPoint<T>,
  provider: Provider<T, N, O>,
) => void;

/** Installs something a plugin needs outside npm, when a person asks with `refold setup NAME`. */
export interface Installer {
  readonly description: string;
  /**
   * @param report takes a line of progress
   * @returns what was done, in one sentence
   */
  install(report: (line: string) => void): Promise<string>;
}

/** A plain object; importing it does nothing. See docs/guides/write-a-plugin.md. */
export interface Plugin<O = unknown> {
  /** npm package name. */
  readonly name: string;
  readonly apiVersion: 1;
  /**
   * Section of the configuration that holds the plugin's options; several plugins may share one (`rate`).
   * Default: the package name without scope and `plugin-`, in camelCase (`lrScaling`).
   */
  readonly section?: string;
  /** Option → key in the section, where they differ (`{ rule: 'scaling' }`). */
  readonly keys?: Readonly<Record<string, string>>;
  /** zod's strict object; its keys are the only ones accepted. */
  readonly options?: z.ZodType<O>;
  /** By the name that `refold setup` takes. */
  readonly installs?: Readonly<Record<string, Installer>>;
  /** Declares providers. Called once per plan; must not compute anything. */
  setup(api: { readonly options: O; readonly provide: Provide }): void;
}

/** Types a plugin; adds nothing. */
export function definePlugin<O = Record<string, never>>(plugin: Plugin<O>): Plugin<O> {
  return plugin;
}
