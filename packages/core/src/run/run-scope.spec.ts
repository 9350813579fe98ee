import { describe, expect, it } from '@jest/globals';
import type { ChosenProvider } from '../plan/chosen-provider.js';
import { definePoint } from '../plugin/extension-point.js';
import type { Host, Provider } from '../plugin/plugin.js';
import { RunScope } from './run-scope.js';

const host: Host = { emit: () => undefined, baseDir: '/', seed: 1 };
const A = definePoint<{ name: string }>({ name: 'A', section: 'a', cardinality: 'one' });
const B = definePoint<{ a: object }>({ name: 'B', section: 'b', cardinality: 'one' });
const Many = definePoint<string>({ name: 'Many', section: null, cardinality: 'many' });

function chosen<T>(point: ChosenProvider['point'], provider: Provider<T, never>): ChosenProvider {
  return { plugin: 'p', point, use: point.name, options: 1, provider: provider };
}

describe('RunScope', () => {
  it('makes each instance once, gives needs by name, and closes in reverse order', async () => {
    const log: string[] = [];
    const make = (name: string) => {
      log.push(`make ${name}`);
      return { name, close: () => log.push(`close ${name}`) };
    };
    const scope = new RunScope(
      [
        chosen(B, {
          needs: { a: A } as never,
          create: (given) => Object.assign(make('b'), { a: (given as { a: unknown }).a }),
        }),
        chosen(A, { create: () => Promise.resolve(make('a')) }),
      ],
      host,
    );
    const b = await scope.get(B);
    expect(b.a).toBe(await scope.get(A));
    await scope.close();
    expect(log).toEqual(['make a', 'make b', 'close b', 'close a']);
  });

  it('gives many in plugin order and none without complaint', async () => {
    const scope = new RunScope(
      ['x', 'y', 'z'].map((name) => chosen(Many, { create: () => name })),
      host,
    );
    expect(await scope.getAll(Many)).toEqual(['x', 'y', 'z']);
    expect(await new RunScope([], host).getAll(Many)).toEqual([]);
  });

  it('says what is missing', async () => {
    await expect(new RunScope([], host).get(A)).rejects.toMatchObject({ code: 'RF-PLAN-MISSING' });
  });

  it('closes everything even if one fails, then says so', async () => {
    const closed: string[] = [];
    const scope = new RunScope(
      ['x', 'y'].map((name) =>
        chosen(Many, {
          create: () => ({
            close: () => {
              closed.push(name);
              if (name === 'y') throw new Error('y fails');
            },
          }),
        }),
      ),
      host,
    );
    await scope.getAll(Many);
    await expect(scope.close()).rejects.toThrow('y fails');
    expect(closed).toEqual(['y', 'x']);
  });

  it('hands failures over where somebody listens', async () => {
    const close = () => Promise.reject(new Error('no'));
    const scope = new RunScope([chosen(A, { create: () => ({ name: 'a', close }) })], host);
    await scope.get(A);
    const told: unknown[] = [];
    await scope.close((plugin, error) => told.push([plugin, String(error)]));
    expect(told).toEqual([['p', 'Error: no']]);
  });

  it('closes all it made when one of many cannot be made', async () => {
    const made: string[] = [];
    const slow = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      made.push('slow');
      return { close: () => made.push('closed') };
    };
    const failing = () => Promise.reject(new Error('cannot be made'));
    const scope = new RunScope(
      [failing, slow].map((create) => chosen(Many, { create })),
      host,
    );
    await expect(scope.getAll(Many)).rejects.toThrow('cannot be made');
    await scope.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made.filter((what) => what === 'slow')).toHaveLength(
      made.filter((what) => what === 'closed').length,
    );
  });

  it('shares nothing between two scopes', async () => {
    const providers = [chosen(A, { create: () => ({ name: 'a' }) })];
    const [first, second] = [new RunScope(providers, host), new RunScope(providers, host)];
    expect(await first.get(A)).not.toBe(await second.get(A));
  });
});
