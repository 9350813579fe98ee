/** Where a value of the configuration came from. */
export type Origin =
  | {
      readonly kind: 'file';
      readonly file: string;
      /** Of the key, counted from 1. */
      readonly line: number;
      readonly column: number;
      /** The key as the file spells it, where it differs from the path (MindCV files). */
      readonly name?: string;
    }
  | {
      readonly kind: 'flag';
      /** As it was typed, `--batch-size`. */
      readonly flag: string;
      /** The value as it was typed. */
      readonly text: string;
      readonly name?: string;
    }
  /** Given by a program through the API. */
  | { readonly kind: 'object' }
  /** MindCV's default for an option that a MindCV file does not name. */
  | { readonly kind: 'mindcv-default'; readonly name: string }
  | { readonly kind: 'default' };

/** `configs/x.yaml:12:3`, `--batch-size`, `default`. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'flag':
      return origin.flag;
    case 'object':
      return 'object';
    case 'mindcv-default':
      return `MindCV's default for ${origin.name}`;
    case 'default':
      return 'default';
  }
}

/** The name under which the reader wrote a key, if not by its path. */
export function writtenName(origin: Origin): string | undefined {
  return origin.kind === 'file' || origin.kind === 'flag' || origin.kind === 'mindcv-default'
    ? origin.name
    : undefined;
}
