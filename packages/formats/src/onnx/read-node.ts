import { bytesAt, fieldsOf, textAt, type Place, type PlacedField } from '../protobuf/place.js';
import { plainDomain, ONNX, type OnnxAttribute, type OnnxNode } from './onnx-model.js';
import { capturedBy, readGraph, type ReadContext } from './read-graph.js';
import { numbersOf, readTensor } from './read-tensor.js';
import { signed } from './varints.js';

/** Reads a NodeProto. Graphs inside it are read for the names that they use. @throws RefoldError as `readGraph` */
export async function readNode(place: Place, context: ReadContext): Promise<OnnxNode> {
  const node = { name: '', opType: '', domain: '' };
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  const captured = new Set<string>();
  let external = false;
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.wire !== 'bytes') continue;
    const text = () => textAt(field.place, ONNX);
    switch (field.number) {
      case 1:
        inputs.push(await text());
        break;
      case 2:
        outputs.push(await text());
        break;
      case 3:
        node.name = await text();
        break;
      case 4:
        node.opType = await text();
        break;
      case 5: {
        const found = await readAttribute(field.place, context);
        attributes.set(found.attribute.name, found.attribute);
        for (const name of found.captured) captured.add(name);
        external ||= found.external;
        break;
      }
      case 7:
        node.domain = plainDomain(await text());
        break;
      default:
    }
  }
  return { ...node, inputs, outputs, attributes, captured: [...captured], external };
}

interface FoundAttribute {
  readonly attribute: OnnxAttribute;
  readonly captured: readonly string[];
  readonly external: boolean;
}

async function readAttribute(place: Place, context: ReadContext): Promise<FoundAttribute> {
  const floats: number[] = [];
  const ints: number[] = [];
  const captured: string[] = [];
  let external = false;
  let reference = false;
  let single: Partial<Omit<OnnxAttribute, 'floats' | 'ints'>> = {};
  for await (const field of fieldsOf(place, ONNX)) {
    const content = field.wire === 'bytes' ? field.place : null;
    switch (field.number) {
      case 1:
        if (content) single = { ...single, name: await textAt(content, ONNX) };
        break;
      case 2:
        if (field.wire === 'fixed32') single = { ...single, float: floatOf(field.value) };
        break;
      case 3:
        if (field.wire === 'varint') single = { ...single, int: signed(field.value) };
        break;
      case 4:
        // Bytes, not always text: what is no text is of no op that is read here.
        if (content && content.end - content.begin < 4096) {
          single = { ...single, text: Buffer.from(await bytesAt(content)).toString('utf8') };
        }
        break;
      case 5:
      case 10:
        if (content) {
          const tensor = await readTensor(content, context.files);
          external ||= tensor.external;
          if (field.number === 5) single = { ...single, tensor };
        }
        break;
      case 6:
      case 11:
        if (content) {
          const graph = await readGraph(content, { ...context, depth: context.depth + 1 });
          for (const value of capturedBy(graph)) captured.push(value);
          external ||= [...graph.initializers.values()].some((tensor) => tensor.external);
          external ||= graph.nodes.some((node) => node.external);
        }
        break;
      case 7:
        // One by one: a list may be longer than a call has room for arguments.
        for (const value of await floatsOf(field)) floats.push(value);
        break;
      case 8:
        for (const value of await numbersOf(field)) ints.push(value);
        break;
      case 21:
        reference = true;
        break;
      default:
    }
  }
  return { attribute: { name: '', ...single, floats, ints, reference }, captured, external };
}

async function floatsOf(field: PlacedField): Promise<number[]> {
  if (field.wire === 'fixed32') return [floatOf(field.value)];
  if (field.wire !== 'bytes') return [];
  const bytes = await bytesAt(field.place);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 2 }, (_, i) => view.getFloat32(i * 4, true));
}

function floatOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}
