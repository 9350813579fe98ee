import type { ExtensionPoint } from '../plugin/extension-point.js';
import type { Provider } from '../plugin/plugin.js';

/** A provider that takes part in a run, with the validated options of its section. */
export interface ChosenProvider {
  /** Package name of the plugin. */
  readonly plugin: string;
  readonly point: ExtensionPoint<unknown>;
  readonly provider: Provider<unknown>;
  /** The name it was chosen by; the point's name where there is no choice. */
  readonly use: string;
  readonly options: unknown;
  /** The device that this one wraps. */
  readonly inner?: ChosenProvider;
}
