import { describe, expect, it } from '@jest/globals';
import {
  evaluate,
  GraphBuilder,
  randomOf,
  storedBias,
  storedWeight,
  type Graph,
  type HostTensor,
  type Quantisation,
} from '@refold/graph';
import { evaluateQuantised } from './evaluate-quantised.js';
import { planQuantisation } from './plan-quantisation.js';
import { quantise, valueQuantisation } from './quantise.js';
import { describeWithPython } from './spec-kit/run-python.js';
import { smallNetwork, someImages, someWeights } from './spec-kit/small-network.js';

/** Ranges of the very images, so that nothing is cut off. */
function quantisationFor(
  graph: Graph,
  weights: ReadonlyMap<string, HostTensor>,
  images: ReturnType<typeof someImages>,
  keepFloat: readonly string[] = [],
): Quantisation {
  const { values } = planQuantisation(graph, keepFloat);
  const seen = evaluate(graph, weights, images, { outputs: values });
  const ranges = Object.fromEntries(
    values.map((name) => {
      const { data } = seen.get(name)!;
      return [name, { min: Math.min(...data), max: Math.max(...data) }];
    }),
  );
  return quantise(graph, weights, ranges, { keepFloat });
}

const relative = (a: Float64Array, b: Float64Array) =>
  Math.sqrt(
    a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0) / b.reduce((sum, x) => sum + x * x, 0),
  );

describe('evaluateQuantised', () => {
  const graph = smallNetwork();
  const weights = someWeights(graph, 1);
  const images = someImages(3, 7);

  it.each([
    ['all layers', []],
    ['the head in float32', ['fc']],
  ])('comes within two percent of the float network with %s', (_name, keepFloat) => {
    const quantisation = quantisationFor(graph, weights, images, keepFloat);
    const expected = evaluate(graph, weights, images).get('fc')!.data;
    const y = evaluateQuantised(graph, weights, quantisation, images).get('fc')!.data;
    expect(relative(y, expected)).toBeLessThan(0.02);
    expect(relative(y, expected)).toBeGreaterThan(1e-4);
  });

  it('is the float network where nothing is quantised', () => {
    const y = evaluateQuantised(graph, weights, { values: {}, weights: {} }, images).get('fc')!;
    const expected = evaluate(graph, weights, images).get('fc')!;
    expect(y.shape).toEqual(expected.shape);
    expect(relative(y.data, expected.data)).toBeLessThan(1e-6);
  });

  it('makes values that their bytes hold, and keeps those in int8 the same as those in uint8', () => {
    const quantisation = quantisationFor(graph, weights, images);
    const outputs = Object.keys(quantisation.values);
    const unsigned = evaluateQuantised(graph, weights, quantisation, images, { outputs });
    const shifted = Object.fromEntries(
      Object.entries(quantisation.values).map(([name, value]) => [
        name,
        { ...value, dtype: 'int8' as const, zeroPoint: value.zeroPoint - 128 },
      ]),
    );
    const signed = evaluateQuantised(graph, weights, { ...quantisation, values: shifted }, images, {
      outputs,
    });
    expect(signed).toEqual(unsigned);
    for (const name of outputs) {
      const { scale, zeroPoint } = quantisation.values[name]!;
      for (const x of unsigned.get(name)!.data) {
        const stored = Math.round(x / scale) + zeroPoint;
        expect(Math.fround((stored - zeroPoint) * scale)).toBe(x);
        expect(stored).toBeGreaterThanOrEqual(0);
        expect(stored).toBeLessThanOrEqual(255);
      }
    }
  });

  it('refuses a quantisation of another network', () => {
    const quantisation = quantisationFor(graph, weights, images);
    const b = new GraphBuilder({ shape: [3, 9, 8], dtype: 'uint8' });
    const other = b.build(b.flatten('flat', b.input));
    expect(() => evaluateQuantised(other, new Map(), quantisation, images)).toThrow(
      expect.objectContaining({ code: 'RF-GRAPH-QUANTISATION' }),
    );
  });
});

/** One convolution from bytes to bytes, as onnxruntime computes it. */
const QLINEAR_CONV = `
import numpy as np, onnx, onnxruntime as ort
from onnx import helper as h, numpy_helper as n, TensorProto as T
def const(name, values, dtype): return n.from_array(np.array(values, dtype=dtype), name)
g = given
node = h.make_node("QLinearConv", ["x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"], ["y"], pads=g["pads"], strides=g["strides"], group=g["group"])
w = np.array(g["w"], dtype=np.int8).reshape(g["wShape"])
inits = [const("xs", g["xs"], np.float32), const("xz", g["xz"], np.uint8), n.from_array(w, "w"), const("ws", g["ws"], np.float32),
         const("wz", [0] * len(g["ws"]), np.int8), const("ys", g["ys"], np.float32), const("yz", g["yz"], np.uint8), const("b", g["b"], np.int32)]
graph = h.make_graph([node], "g", [h.make_tensor_value_info("x", T.UINT8, g["xShape"])], [h.make_tensor_value_info("y", T.UINT8, None)], inits)
model = h.make_model(graph, opset_imports=[h.make_opsetid("", 13)], ir_version=8)
x = np.array(g["x"], dtype=np.uint8).reshape(g["xShape"])
y = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
answer = y.flatten().tolist()
`;

describeWithPython('evaluateQuantised beside onnxruntime', ['onnx', 'onnxruntime'], (run) => {
  it.each([
    [1, 1],
    [2, 2],
  ])('makes the very bytes of a convolution with stride %i and %i groups', (stride, groups) => {
    const b = new GraphBuilder({ shape: [8, 10, 9], dtype: 'float32' });
    const options = { outChannels: 12, kernel: 3, padding: 1, stride, groups, bias: true };
    const graph = b.build(b.conv2d('conv', b.input, options));
    const weights = someWeights(graph, 3);
    const random = randomOf(4, 'x');
    const data = Float64Array.from({ length: 1440 }, () => random.normal());
    const value = evaluate(graph, weights, { shape: [2, 8, 10, 9], data }).get('conv')!.data;
    // Some are cut off on both sides.
    const output = valueQuantisation({
      min: 0.7 * Math.min(...value),
      max: 0.7 * Math.max(...value),
    });
    const input = valueQuantisation({ min: Math.min(...data), max: Math.max(...data) });
    const range = { input: { min: Math.min(...data), max: Math.max(...data) } };
    const { weights: scales } = quantise(graph, weights, range);
    const quantisation = { values: { input, conv: output }, weights: scales };
    const images = { shape: [2, 8, 10, 9], data };
    const mine = evaluateQuantised(graph, weights, quantisation, images).get('conv')!;
    const ws = scales['conv.weight']!;
    const theirs = run(QLINEAR_CONV, {
      ...{ pads: [1, 1, 1, 1], strides: [stride, stride], group: groups },
      x: Array.from(data, (v) =>
        Math.min(255, Math.max(0, Math.round(v / input.scale) + input.zeroPoint)),
      ),
      ...{ xShape: [2, 8, 10, 9], xs: input.scale, xz: input.zeroPoint },
      w: Array.from(storedWeight(weights.get('conv.weight')!, ws)),
      ...{ wShape: [12, 8 / groups, 3, 3], ws, ys: output.scale, yz: output.zeroPoint },
      b: Array.from(storedBias(weights.get('conv.bias')!.data, input.scale, ws)),
    }) as number[];
    const stored = Array.from(mine.data, (v) => Math.round(v / output.scale) + output.zeroPoint);
    expect(stored).toEqual(theirs);
    expect(new Set(theirs).size).toBeGreaterThan(150);
  });
});

const OBSERVERS = `
import torch, warnings
warnings.simplefilter("ignore")
from torch.ao.quantization.observer import MinMaxObserver, PerChannelMinMaxObserver
value = MinMaxObserver(dtype=torch.quint8, qscheme=torch.per_tensor_affine)
value(torch.tensor(given["value"]))
weight = PerChannelMinMaxObserver(ch_axis=0, dtype=torch.qint8, qscheme=torch.per_channel_symmetric, quant_min=-127, quant_max=127)
weight(torch.tensor(given["weight"]).reshape(given["shape"]))
answer = [value.calculate_qparams()[0].item(), value.calculate_qparams()[1].item(), weight.calculate_qparams()[0].tolist()]
`;

describeWithPython('quantise beside PyTorch', ['torch'], (run) => {
  it.each([
    ['of both signs', (x: number) => x],
    ['after a relu', (x: number) => Math.max(0, x)],
  ])('chooses the scales and zero points of its observers for values %s', (_name, bend) => {
    const b = new GraphBuilder({ shape: [4, 6, 6], dtype: 'float32' });
    const graph = b.build(b.conv2d('conv', b.input, { outChannels: 7, kernel: 3 }));
    const weights = someWeights(graph, 2);
    const random = randomOf(8, 'x');
    const value = Array.from({ length: 500 }, () => Math.fround(bend(random.normal() + 0.3)));
    const range = { input: { min: Math.min(...value), max: Math.max(...value) } };
    const { values, weights: scales } = quantise(graph, weights, range);
    const weight = weights.get('conv.weight')!;
    const given = { value, weight: Array.from(weight.data), shape: weight.shape };
    const [scale, zeroPoint, perChannel] = run(OBSERVERS, given) as [number, number, number[]];
    expect(values['input']!.scale / scale).toBeCloseTo(1, 6);
    expect(values['input']!.zeroPoint).toBe(zeroPoint);
    scales['conv.weight']!.forEach((one, o) => expect(one / perChannel[o]!).toBeCloseTo(1, 6));
  });
});
