/** A stream of pseudo-random numbers. Not for secrets. */
export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform among 0 … n − 1, without bias; `n` from 1 to 2³². */
  int(n: number): number;
}

/**
 * The stream that belongs to a seed and a path of keys: `randomOf(42, 'augment', epoch, sample)`.
 * The same arguments give the same stream on every machine; different ones give unrelated streams,
 * so no result depends on the order in which streams are asked for (DESIGN §7).
 * Numbers and strings are told apart: key `1` is another stream than key `'1'`.
 *
 * xoshiro128** (Blackman and Vigna, period 2¹²⁸ − 1), its state the MurmurHash3 (x86, 128 bits) of the arguments.
 */
export function randomOf(seed: number, ...keys: readonly (number | string)[]): Random {
  const next = xoshiro128(murmur128(wordsOf([seed, ...keys])));
  const uniform = () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 2 ** 53;
  let spare: number | undefined;
  return {
    uniform,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Marsaglia's polar method: two normals from one point of the unit disc.
      for (;;) {
        const u = 2 * uniform() - 1;
        const v = 2 * uniform() - 1;
        const square = u * u + v * v;
        if (square >= 1 || square === 0) continue;
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        spare = v * factor;
        return u * factor;
      }
    },
    int(n) {
      if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
        throw new RangeError(`int(n) takes an integer from 1 to 2^32, not ${n}.`);
      }
      // Values past the last whole multiple of n would favour the small results.
      const limit = 2 ** 32 - (2 ** 32 % n);
      let value = next();
      while (value >= limit) value = next();
      return value % n;
    },
  };
}

/** Unambiguous words: every key starts with its type and length. */
function wordsOf(keys: readonly (number | string)[]): number[] {
  const words: number[] = [];
  const float = new DataView(new ArrayBuffer(8));
  for (const key of keys) {
    if (typeof key === 'number') {
      // −0 and 0 are one key.
      float.setFloat64(0, key + 0);
      words.push(0xffffffff, float.getUint32(0), float.getUint32(4));
    } else {
      words.push(key.length);
      for (let i = 0; i < key.length; i++) words.push(key.charCodeAt(i));
    }
  }
  return words;
}

const rotate = (x: number, bits: number) => (x << bits) | (x >>> (32 - bits));

type State = readonly [number, number, number, number];

/** MurmurHash3_x86_128 with seed 0 over 32-bit words. */
function murmur128(words: readonly number[]): State {
  const c1 = 0x239b961b;
  const c2 = 0xab0e9789;
  const c3 = 0x38b34ae5;
  const c4 = 0xa1e38b93;
  let [h1, h2, h3, h4] = [0, 0, 0, 0];
  for (let i = 0; i < words.length; i += 4) {
    // A missing word counts as zero; the length, mixed in below, tells it from a real zero.
    h1 ^= Math.imul(rotate(Math.imul(words[i] ?? 0, c1), 15), c2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(words[i + 1] ?? 0, c2), 16), c3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(words[i + 2] ?? 0, c3), 17), c4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(words[i + 3] ?? 0, c4), 18), c1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  const bytes = 4 * words.length;
  return cross(cross([h1 ^ bytes, h2 ^ bytes, h3 ^ bytes, h4 ^ bytes]).map(avalanche));
}

/** Every lane gets a share of every other. */
function cross(lanes: readonly number[]): State {
  const [h1 = 0, h2 = 0, h3 = 0, h4 = 0] = lanes;
  const sum = (h1 + h2 + h3 + h4) | 0;
  return [sum, (h2 + sum) | 0, (h3 + sum) | 0, (h4 + sum) | 0];
}

function avalanche(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Uniform 32-bit words as unsigned numbers. */
function xoshiro128(state: State): () => number {
  let [a, b, c, d] = state;
  // The all-zero state is the one from which xoshiro never leaves.
  if ((a | b | c | d) === 0) a = 1;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return result;
  };
}
