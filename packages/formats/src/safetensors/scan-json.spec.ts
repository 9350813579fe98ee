import { describe, expect, it } from '@jest/globals';
import { scanJson } from './scan-json.js';

it('stops at objects with more keys than networks have tensors', () => {
  const keys = Array.from({ length: 250_001 }, (_, i) => `"${i}":0`);
  expect(scanJson(`{${keys.join(',')}}`, 3)?.message).toContain('too many keys');
  expect(scanJson(`{${keys.slice(1).join(',')}}`, 3)).toBeNull();
});

describe('scanJson', () => {
  it('finds a repeated key, also when it is spelt with an escape', () => {
    expect(scanJson('{"a":1,"b":{"a":2},"a":3}', 9)).toMatchObject({ index: 19, received: '"a"' });
    expect(scanJson('{"a":1,"\\u0061":3}', 9)).toMatchObject({ received: '"a"' });
  });

  it('takes equal keys in different objects, and equal strings that are values', () => {
    expect(scanJson('{"a":"a","b":["a","a"],"c":{"a":"b"},"d":[{"a":1},{"a":1}]}', 9)).toBeNull();
  });

  it('finds brackets nested too deeply, but not those in strings', () => {
    expect(scanJson('{"a":[[1]]}', 2)).toMatchObject({ index: 6 });
    expect(scanJson('{"a":"[[[[\\"[["}', 2)).toBeNull();
  });

  it('ends on text that is not JSON', () => {
    for (const text of ['', '"', '"\\', '}}}', '{{{', '{"a', ',,,:"x"']) {
      expect(() => scanJson(text, 2)).not.toThrow();
    }
  });

  it('takes a million open brackets without running out of stack', () => {
    expect(scanJson('['.repeat(1_000_000), 3)).toMatchObject({ index: 3 });
  });
});
