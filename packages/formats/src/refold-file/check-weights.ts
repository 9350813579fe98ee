import { tensorsOf, type Graph, type NamedTensors } from '@refold/graph';
import { weightsDoNotFit } from '../errors.js';

/**
 * Makes sure that weights are exactly those of a graph, `optimizer.*` aside.
 *
 * @param where file or other place, for the message
 * @throws RefoldError `RF-FILE-WEIGHTS` with every missing, misshapen and unexpected tensor
 */
export function checkWeights(where: string, graph: Graph, weights: NamedTensors): void {
  const specs = tensorsOf(graph);
  const known = new Set(specs.map(({ name }) => name));
  const problems = specs.flatMap(({ name, shape }) => {
    const tensor = weights.get(name);
    if (!tensor) return [`${name}: missing`];
    const [expected, received] = [shape, tensor.shape].map((one) => `[${one.join(', ')}]`);
    return expected === received ? [] : [`${name}: expected ${expected}, received ${received}`];
  });
  for (const name of weights.keys()) {
    if (!known.has(name) && !name.startsWith('optimizer.')) problems.push(`${name}: not expected`);
  }
  if (problems.length > 0) throw weightsDoNotFit(where, problems);
}
