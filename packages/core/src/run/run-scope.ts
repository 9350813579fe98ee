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
  readonly #tokens = new Map<string, symbol>();
  readonly #made: { close?: () => unknown }[] = [];

  constructor(chosen: readonly ChosenProvider[], host: Host) {
    for (const one of chosen) {
      const token = this.#tokenOf(one.point);
      const factory = instanceCachingFactory(() => this.#make(one, host));
      this.#container.register(token, { useFactory: factory });
    }
  }

  /** The one instance of a point. @throws RefoldError `RF-PLAN-MISSING` when no plugin provides it. */
  async get<T>(point: ExtensionPoint<T>): Promise<T> {
    const token = this.#tokenOf(point);
    if (!this.#container.isRegistered(token)) throw pointNotProvided(point);
    return await this.#container.resolve(token);
  }

  /** Every instance of a point, in plugin order; none is fine. */
  async getAll<T>(point: ExtensionPoint<T>): Promise<readonly T[]> {
    const token = this.#tokenOf(point);
    if (!this.#container.isRegistered(token)) return [];
    return await Promise.all(this.#container.resolveAll(token));
  }

  /** Closes every instance made, last first. The first failure is thrown after all were closed. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const instance of this.#made.splice(0).reverse()) {
      try {
        await instance.close?.();
      } catch (error) {
        failures.push(error);
      }
    }
    await this.#container.dispose();
    if (failures.length > 0) throw failures[0];
  }

  async #make({ provider, use, options }: ChosenProvider, host: Host): Promise<unknown> {
    const given: Record<string, unknown> = { use, options, host };
    for (const [name, point] of Object.entries(provider.needs ?? {})) {
      given[name] = point.cardinality === 'many' ? await this.getAll(point) : await this.get(point);
    }
    const instance = await provider.create(given as Parameters<typeof provider.create>[0]);
    this.#made.push(instance as { close?: () => unknown });
    return instance;
  }

  #tokenOf(point: ExtensionPoint<unknown>): symbol {
    const known = this.#tokens.get(point.name);
    if (known) return known;
    const token = Symbol(point.name);
    this.#tokens.set(point.name, token);
    return token;
  }
}
