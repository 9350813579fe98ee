import { z } from 'zod';
import { badGraphJson, unknownNode } from './errors.js';
import type { Graph } from './graph.js';
import type { OpName } from './op-attrs.js';
import { makeNode } from './make-node.js';
import { isOpName } from './ops/op-definitions.js';
import { rebuild } from './rebuild.js';
import { isRefoldError } from './refold-error.js';

/** The graph as one line of JSON. The same graph gives the same text. */
export function graphToJson(graph: Graph): string {
  return JSON.stringify(graph);
}

const opName = z.custom<OpName>((value) => typeof value === 'string' && isOpName(value), {
  error: ({ input }) => `'${String(input)}' is no op`,
});
const schema = z.strictObject({
  version: z.literal(1),
  nodes: z.array(
    z.strictObject({
      name: z.string().min(1),
      op: opName,
      inputs: z.array(z.string()),
      attrs: z.unknown(),
    }),
  ),
  output: z.string(),
  loss: z.string().optional(),
});

/**
 * Reads what {@link graphToJson} wrote. Everything is checked as if the graph were built anew: text from anywhere
 * gives a valid graph or an error, nothing else.
 *
 * @throws RefoldError `RF-GRAPH-JSON`, its `cause` saying what is wrong where the text is JSON but no graph
 */
export function graphFromJson(text: string): Graph {
  try {
    const document = schema.parse(JSON.parse(text));
    const { builder, values } = rebuild(
      document.nodes.map(({ name, op, inputs, attrs }) => makeNode(op, name, inputs, attrs)),
    );
    const output = values.get(document.output);
    if (!output) throw unknownNode(document.output);
    if (document.loss === undefined) return builder.build(output);
    const loss = values.get(document.loss);
    if (!loss) throw unknownNode(document.loss);
    return builder.build(output, loss);
  } catch (error) {
    throw badGraphJson(reason(error), error);
  }
}

function reason(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return issue ? `${issue.path.join('.') || 'document'}: ${issue.message}` : 'document';
  }
  if (isRefoldError(error)) return error.message;
  return error instanceof Error ? error.message : String(error);
}
