import type { OnnxNode } from '../onnx-model.js';

/**
 * Names of Refold nodes for ONNX nodes: the path of the weight's name (`stem.conv` for `stem.conv.weight`) where it is one,
 * else of the node's (`/stem/act/Relu` gives `stem.act`), else its kind. A name that is taken gets a number.
 */
export class NodeNames {
  readonly #taken = new Set<string>(['input']);

  name(node: OnnxNode, weight?: string): string {
    return this.unique(pathOfWeight(weight) ?? pathOfNode(node) ?? node.opType.toLowerCase());
  }

  unique(name: string): string {
    let free = name;
    for (let i = 2; this.#taken.has(free); i++) free = `${name}_${i}`;
    this.#taken.add(free);
    return free;
  }
}

function pathOfWeight(weight: string | undefined): string | undefined {
  const path = /^([^:/]+)\.(?:weight|gamma)$/.exec(weight ?? '')?.[1];
  return path === '' ? undefined : path;
}

/** Ops that PyTorch's models call in a block, not as a module of their own. */
const FUNCTIONS = new Set(['Add', 'Sub', 'Mul', 'Div', 'Sum', 'Concat', 'Reshape']);

function pathOfNode({ name, opType }: OnnxNode): string | undefined {
  if (name === '') return undefined;
  const parts = name.split('/').filter((part) => part !== '');
  const last = parts.at(-1) ?? '';
  // PyTorch ends names with the op and a number.
  if (parts.length > 1 && last.replace(/_\d+$/, '') === opType) {
    parts.pop();
    if (FUNCTIONS.has(opType)) parts.push(last.toLowerCase());
  }
  // Modules in lists are there with and without their list: `stages/stages.0/stages.0.1`.
  const path = parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`));
  return path.join('.') || undefined;
}
