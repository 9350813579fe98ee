/**
 * Speeds of the ways in which wasm can compute a convolution's gradients (docs/adr/0005): GFLOP/s, best of 5.
 * Run after a build: `node benchmarks/wasm-kernels.mjs`.
 */
import { createRequire } from 'node:module';
import {
  portableKernels,
  filterGradientByConvolution,
  nativeKernel,
  explicitPadding,
} from '@refold/tfjs';
import { wasmDevice } from '@refold/plugin-device-tfjs';
import { wasmKernels } from '../plugins/device-tfjs/dist/wasm/wasm-kernels.js';

const require = createRequire(new URL('../plugins/device-tfjs/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');

const BATCH = 64;
/** [in, out, size, kernel, stride] */
const LAYERS = [
  [16, 16, 28, 3, 1],
  [32, 32, 14, 3, 1],
  [64, 64, 7, 3, 1],
  [32, 32, 14, 1, 1],
  [16, 32, 28, 3, 2],
  [16, 32, 28, 1, 2],
];

const device = wasmDevice();
await tf.setBackend('wasm');
const kernels = portableKernels(wasmKernels);
console.log('layer'.padEnd(26), 'forward', 'dx: kernel', 'ours', 'dw: taps', 'convolution', 'ours');
for (const [inputs, outputs, size, k, s] of LAYERS) {
  const p = (k - 1) / 2;
  const geometry = { stride: [s, s], padding: [p, p], dilation: [1, 1] };
  const x = tf.randomNormal([BATCH, size, size, inputs]);
  const filter = tf.randomNormal([k, k, inputs, outputs]);
  const y = kernels.convolution(x, filter, geometry);
  const flops = (2 * y.size * inputs * k * k) / 1e6;
  const speed = (compute) => (flops / bestMs(compute)).toFixed(1);
  const native = () => {
    const attrs = { strides: [s, s], pad: explicitPadding([p, p], [p, p]), dataFormat: 'NHWC' };
    const inputShape = x.shape;
    nativeKernel('Conv2DBackpropInput', { dy: y, filter }, { ...attrs, inputShape });
  };
  const row = [
    speed(() => kernels.convolution(x, tf.mul(filter, 1), geometry)),
    s === 1 ? speed(native) : '–',
    speed(() => kernels.convolutionInputGradient(y, filter, x.shape, geometry)),
    s === 1 ? speed(() => byTaps(x, y, k, p)) : '–',
    speed(() => filterGradientByConvolution(x, tf.mul(y, 1), filter.shape, geometry)),
    speed(() => kernels.convolutionFilterGradient(x, tf.mul(y, 1), filter.shape, geometry)),
  ];
  console.log(
    `${k}x${k} ${inputs}->${outputs} at ${size}, stride ${s}`.padEnd(26),
    row.join('   '),
  );
  tf.dispose([x, filter, y]);
}
await device.close();

function byTaps(x, dy, k, p) {
  const [n, h, w, channels] = x.shape;
  const framed = tf.pad(x, explicitPadding([p, p], [p, p]));
  const rows = tf.reshape(dy, [n * h * w, dy.shape[3]]);
  for (let tap = 0; tap < k * k; tap++) {
    const seen = tf.slice(framed, [0, Math.floor(tap / k), tap % k, 0], [n, h, w, channels]);
    tf.matMul(tf.transpose(tf.reshape(seen, [n * h * w, channels])), rows);
  }
}

function bestMs(compute) {
  let best = Infinity;
  for (let run = 0; run < 6; run++) {
    const start = performance.now();
    tf.tidy(() => void compute());
    if (run > 0) best = Math.min(best, performance.now() - start);
  }
  return best;
}
