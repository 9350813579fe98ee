import type { WeightsFormat } from '@refold/formats';

/** What a network can be written as. */
export type ExportFormat = Exclude<WeightsFormat, 'onnx'> | 'onnx' | 'tfjs' | 'refold';

/** Of each format the ending that names it, the first one being the usual. A tfjs model is a folder. */
export const EXPORT_ENDINGS: Readonly<Record<ExportFormat, readonly string[]>> = {
  refold: ['.safetensors'],
  onnx: ['.onnx'],
  tfjs: [''],
  pytorch: ['.pth', '.pt'],
  mindspore: ['.ckpt'],
  numpy: ['.npz'],
  safetensors: ['.safetensors'],
};

/** The format that a file's ending asks for; `.safetensors` is a Refold file. Undefined for other endings. */
export function formatOfEnding(file: string): ExportFormat | undefined {
  const lower = file.toLowerCase();
  return (Object.keys(EXPORT_ENDINGS) as ExportFormat[]).find((format) =>
    EXPORT_ENDINGS[format].some((ending) => ending !== '' && lower.endsWith(ending)),
  );
}
