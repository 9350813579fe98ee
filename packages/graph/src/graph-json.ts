import { z } from 'zod';
import { badGraphJson, unknownNode } from './errors.js';
import type { Graph } from './graph.js';
import type { Value } from './graph-builder.js';
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
  const document = schema.safeParse(parse(text));
  if (!document.success) throw badGraphJson(describe(document.error), document.error);
  try {
    return graphOf(document.data);
  } catch (error) {
    throw isRefoldError(error) ? badGraphJson(error.message, error) : error;
  }
}

function graphOf({ nodes, output, loss }: z.output<typeof schema>): Graph {
  const { builder, values } = rebuild(
    nodes.map(({ name, op, inputs, attrs }) => makeNode(op, name, inputs, attrs)),
  );
  const valueOf = (name: string): Value => {
    const value = values.get(name);
    if (!value) throw unknownNode(name);
    return value;
  };
  return loss === undefined
    ? builder.build(valueOf(output))
    : builder.build(valueOf(output), valueOf(loss));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badGraphJson(String(error), error);
  }
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.join('.') || 'document'}: ${issue.message}` : 'document';
}
