import 'reflect-metadata';
import { container as rootContainer, instanceCachingFactory } from 'tsyringe';
import { pointNotProvided } from '../plan/errors.js';
import type { ChosenProvider } from '../plan/chosen-provider.js';
import type { ExtensionPoint } from '../plugin/extension-point.js';
import type { Host } from '../plugin/plugin.js';

/**
 * Everything that lives as long as one run: a tsyringe child container filled from the chosen providers.
 * Instances are made on first request, once, and closed in reverse order of making.
 * The root container stays empty, so two runs in one process share nothing.
 */
export class RunScope {
  readonly #container = rootContainer.createChildContainer();
  /** One per provider, in plugin order, by point. */
  readonly #tokens = new Map<string, symbol[]>();
  readonly #made: { plugin: string; instance: { close?: () => unknown } }[] = [];

  constructor(chosen: readonly ChosenProvider[], host: Host) {
    for (const one of chosen) {
      const token = Symbol(one.point.name);
      const factory = instanceCachingFactory(() => this.#make(one, host));
      this.#container.register(token, { useFactory: factory });
      this.#tokens.set(one.point.name, [...this.#tokensOf(one.point), token]);
    }
  }

  /** The one instance of a point. @throws RefoldError `RF-PLAN-MISSING` when no plugin provides it. */
  async get<T>(point: ExtensionPoint<T>): Promise<T> {
    const token = this.#tokensOf(point).at(-1);
    if (!token) throw pointNotProvided(point);
    return await this.#container.resolve(token);
  }

  /** Every instance of a point, in plugin order; none is fine. */
  async getAll<T>(point: ExtensionPoint<T>): Promise<readonly T[]> {
    const instances: T[] = [];
    // One after the other: when one fails, none is still being made that nobody would close.
    for (const token of this.#tokensOf(point)) instances.push(await this.#container.resolve(token));
    return instances;
  }

  /**
   * Closes every instance made, last first.
   *
   * @param onFailure told of each that fails; without it the first failure is thrown after all were closed
   */
  async close(onFailure?: (plugin: string, error: unknown) => void): Promise<void> {
    const failures: unknown[] = [];
    for (const { plugin, instance } of this.#made.splice(0).reverse()) {
      try {
        await instance.close?.();
      } catch (error) {
        if (onFailure) onFailure(plugin, error);
        else failures.push(error);
      }
    }
    await this.#container.dispose();
    if (failures.length > 0) throw failures[0];
  }

  async #create(one: ChosenProvider, host: Host): Promise<unknown> {
    const { provider, use, options } = one;
    const given: Record<string, unknown> = { use, options, host };
    for (const [name, point] of Object.entries(provider.needs ?? {})) {
      given[name] = point.cardinality === 'many' ? await this.getAll(point) : await this.get(point);
    }
    // From then on the wrapper's: it closes it.
    if (one.inner) given['inner'] = await this.#create(one.inner, host);
    const instance = await provider.create(given as Parameters<typeof provider.create>[0]);
    return instance;
  }

  async #make(one: ChosenProvider, host: Host): Promise<unknown> {
    const instance = await this.#create(one, host);
    this.#made.push({ plugin: one.plugin, instance: instance as { close?: () => unknown } });
    return instance;
  }

  #tokensOf(point: ExtensionPoint<unknown>): readonly symbol[] {
    return this.#tokens.get(point.name) ?? [];
  }
}
