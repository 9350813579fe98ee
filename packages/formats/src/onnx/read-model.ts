import type { ByteSource } from '../bytes/byte-source.js';
import { openBytes } from '../bytes/open-bytes.js';
import { badOnnx, malformed, overLimit } from '../errors.js';
import { fieldsOf, textAt, type Place, type PlacedField } from '../protobuf/place.js';
import { ExternalFiles } from './external-files.js';
import { ONNX, plainDomain, type OnnxGraph, type OnnxModel } from './onnx-model.js';
import { checkOrder, MAX_FIELDS, readGraph } from './read-graph.js';
import { entryAt } from './read-tensor.js';
import { signed } from './varints.js';

/**
 * Opens an ONNX file (onnx.proto, every IR version). Nothing in it is believed before it was checked; tensors, and whatever
 * Refold does not know, stay in the file.
 *
 * @throws RefoldError `RF-FILE-UNREADABLE`, `RF-FILE-MALFORMED`, `RF-FILE-TRUNCATED`, `RF-ONNX-MODEL`, `RF-ONNX-EXTERNAL`
 */
export async function openOnnx(path: string): Promise<OnnxModel> {
  const source = await openBytes(path);
  try {
    return await openOnnxFrom(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** {@link openOnnx} of bytes that are open; external data is looked for beside `source.path`. */
export async function openOnnxFrom(source: ByteSource): Promise<OnnxModel> {
  const { path } = source;
  const files = new ExternalFiles(path);
  const fields: PlacedField[] = [];
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  let graph: OnnxGraph | undefined;
  let [irVersion, producer] = [0, ''];
  for await (const field of fieldsOf({ source, begin: 0, end: source.size }, ONNX)) {
    fields.push(field);
    if (fields.length > MAX_FIELDS) {
      throw overLimit(path, 'The model has too many fields.', `${MAX_FIELDS} fields`, 'more');
    }
    if (field.number === 1 && field.wire === 'varint') irVersion = signed(field.value);
    if (field.wire !== 'bytes') continue;
    if (field.number === 2) producer = await textAt(field.place, ONNX);
    if (field.number === 7) {
      if (graph) {
        throw malformed(path, field.place.begin, ONNX, 'There are two graphs.', 'one', 'two');
      }
      graph = await readGraph(field.place, { files, depth: 0 });
    }
    if (field.number === 8) {
      const [domain, version] = await opsetAt(field.place);
      opsets.set(plainDomain(domain), version);
    }
    if (field.number === 14) metadata.set(...(await entryAt(field.place)));
  }
  if (!graph) throw badOnnx(path, 'The model has no graph.', 'a graph', 'none');
  checkOrder(path, graph);
  const close = async (): Promise<void> => {
    await files.close();
    await source.close();
  };
  return {
    ...{ path, irVersion, opsets, producer, metadata, graph, fields, close },
    externalFiles: files.locations,
  };
}

/** An OperatorSetIdProto. */
async function opsetAt(place: Place): Promise<[domain: string, version: number]> {
  let [domain, version] = ['', 0];
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.number === 1 && field.wire === 'bytes') domain = await textAt(field.place, ONNX);
    if (field.number === 2 && field.wire === 'varint') version = signed(field.value);
  }
  return [domain, version];
}
