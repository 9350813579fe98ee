/**
 * Errors of Winograd's F(4×4, 3×3) for several points (0, ±P, ±Q, ∞), with operands rounded to float32 and to bfloat16
 * as the kernels of device-onednn do: random images and kernels, 64 channels, against a direct sum in float64.
 *
 *     node benchmarks/winograd-points.mjs
 */
const channels = 64;
const tiles = 60;
const points = [
  [1, 2],
  [1 / 2, 1],
  [1 / 2, 3 / 2],
  [3 / 4, 3 / 2],
  [5 / 8, 3 / 2],
  [Math.SQRT1_2, Math.SQRT2],
];

const roundings = { float32: Math.fround, bfloat16: toBfloat16 };
process.stdout.write('| P | Q | float32 | bfloat16 |\n|---|---|---|---|\n');
for (const [p, q] of points) {
  const errors = Object.values(roundings).map((round) => errorOf(p, q, round).toExponential(1));
  process.stdout.write(`| ${p.toFixed(4)} | ${q.toFixed(4)} | ${errors.join(' | ')} |\n`);
}

/** Relative error in the 2-norm over all results. */
function errorOf(p, q, round) {
  const { B, G, A } = matrices(p, q);
  const random = generator(7);
  let [difference, reference] = [0, 0];
  for (let tile = 0; tile < tiles; tile++) {
    const product = table(6, 6);
    const direct = table(4, 4);
    for (let c = 0; c < channels; c++) {
      // What a network holds: images after relu, kernels around zero, both already in the precision.
      const d = table(6, 6, () => round(Math.max(0, random())));
      const g = table(3, 3, () => round(random() / 10));
      const v = both(B, d, round);
      const u = both(G, g, round);
      for (let y = 0; y < 6; y++)
        for (let x = 0; x < 6; x++) product[y][x] = Math.fround(product[y][x] + v[y][x] * u[y][x]);
      for (let y = 0; y < 4; y++)
        for (let x = 0; x < 4; x++)
          for (let k = 0; k < 9; k++)
            direct[y][x] += d[y + Math.floor(k / 3)][x + (k % 3)] * g[Math.floor(k / 3)][k % 3];
    }
    const result = both(A, product, Math.fround);
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++) {
        difference += (result[y][x] - direct[y][x]) ** 2;
        reference += direct[y][x] ** 2;
      }
  }
  return Math.sqrt(difference / reference);
}

/** The transforms of plugins/device-onednn/native/src/kernels/winograd.h as matrices. */
function matrices(p, q) {
  const [pp, qq] = [p * p, q * q];
  const B = [
    [pp * qq, 0, -(pp + qq), 0, 1, 0],
    [0, -p * qq, -qq, p, 1, 0],
    [0, p * qq, -qq, -p, 1, 0],
    [0, -q * pp, -pp, q, 1, 0],
    [0, q * pp, -pp, -q, 1, 0],
    [0, pp * qq, 0, -(pp + qq), 0, 1],
  ];
  const row = (x, scale) => [scale, scale * x, scale * x * x];
  const [atP, atQ] = [1 / (2 * pp * (pp - qq)), 1 / (2 * qq * (qq - pp))];
  const zero = [1 / (pp * qq), 0, 0];
  const G = [zero, row(p, atP), row(-p, atP), row(q, atQ), row(-q, atQ), [0, 0, 1]];
  const A = [0, 1, 2, 3].map((k) => [
    0 ** k,
    p ** k,
    (-p) ** k,
    q ** k,
    (-q) ** k,
    k === 3 ? 1 : 0,
  ]);
  return { B, G, A };
}

/** M x Mᵀ, in float32 inside, rounded at the end. */
function both(m, x, round) {
  const half = m.map((row) => x[0].map((_, column) => dot(row, (i) => x[i][column])));
  return m.map((_, y) => m.map((row) => round(dot(row, (i) => half[y][i]))));
}

function dot(row, value) {
  return row.reduce((sum, a, i) => Math.fround(sum + Math.fround(a) * value(i)), 0);
}

function table(height, width, value = () => 0) {
  return Array.from({ length: height }, () => Array.from({ length: width }, () => value()));
}

function toBfloat16(value) {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  bits.setUint32(0, (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000);
  return bits.getFloat32(0);
}

/** Normal enough: sums of twelve uniform numbers of a linear congruence. */
function generator(seed) {
  let state = seed;
  const uniform = () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
  return () => Array.from({ length: 12 }, uniform).reduce((sum, x) => sum + x, -6);
}
