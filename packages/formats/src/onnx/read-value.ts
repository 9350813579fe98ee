import { fieldsOf, textAt, type Place } from '../protobuf/place.js';
import { ONNX, type OnnxValue } from './onnx-model.js';
import { signed } from './varints.js';

/** Reads a ValueInfoProto. Values that are no tensors keep their name alone. @throws RefoldError `RF-FILE-MALFORMED` */
export async function readValue(place: Place): Promise<OnnxValue> {
  let name = '';
  let type: Pick<OnnxValue, 'dataType' | 'shape'> = { dataType: 0, shape: null };
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.wire !== 'bytes') continue;
    if (field.number === 1) name = await textAt(field.place, ONNX);
    if (field.number === 2) {
      const tensor = await inside(field.place, 1);
      if (tensor) type = await tensorType(tensor);
    }
  }
  return { name, ...type };
}

async function tensorType(place: Place): Promise<Pick<OnnxValue, 'dataType' | 'shape'>> {
  let dataType = 0;
  let shape: (number | string | null)[] | null = null;
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.number === 1 && field.wire === 'varint') dataType = signed(field.value);
    if (field.number === 2 && field.wire === 'bytes') {
      shape = [];
      for await (const dim of fieldsOf(field.place, ONNX)) {
        if (dim.number === 1 && dim.wire === 'bytes') shape.push(await dimension(dim.place));
      }
    }
  }
  return { dataType, shape };
}

async function dimension(place: Place): Promise<number | string | null> {
  let size: number | string | null = null;
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.number === 1 && field.wire === 'varint') size = signed(field.value);
    if (field.number === 2 && field.wire === 'bytes') {
      size = (await textAt(field.place, ONNX)) || null;
    }
  }
  // Some exporters write 0 or −1 for what they do not know.
  return typeof size === 'number' && size <= 0 ? null : size;
}

async function inside(place: Place, number: number): Promise<Place | undefined> {
  let found: Place | undefined;
  for await (const field of fieldsOf(place, ONNX)) {
    if (field.number === number && field.wire === 'bytes') found = field.place;
  }
  return found;
}
