import type { RefoldError } from '@refold/graph';
import type { z } from 'zod';
import { originAt, setAt, valueAt, type ConfigObject } from './config-tree.js';
import { explainIssue, type Parsed } from './explain-issue.js';

export type PartResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly errors: readonly RefoldError[] };

/** Validates one owner's share of the configuration. */
export function parsePart(part: Parsed): PartResult {
  const first = part.schema.safeParse(part.value);
  if (first.success) return { ok: true, value: first.data };
  const respelt = withTypedText(first.error.issues, part);
  const second = respelt && part.schema.safeParse(respelt);
  if (second?.success) return { ok: true, value: second.data };
  const { issues } = second?.error ?? first.error;
  return { ok: false, errors: issues.flatMap((issue) => explainIssue(issue, part)) };
}

/**
 * A flag's text is read as YAML before anyone knows its type: `--data-dir 2024` looks like a number.
 * Where text is wanted, this puts back what was typed.
 */
function withTypedText(
  issues: readonly z.core.$ZodIssue[],
  { value, pathOf, origins }: Parsed,
): ConfigObject | undefined {
  let respelt: ConfigObject | undefined;
  for (const issue of issues) {
    const origin = originAt(origins, pathOf(issue.path));
    const received = valueAt(value, issue.path);
    if (origin.kind !== 'flag' || !wantsText(issue)) continue;
    if (typeof received !== 'number' && typeof received !== 'boolean') continue;
    respelt ??= structuredClone(value);
    setAt(respelt, issue.path.map(String), origin.text);
  }
  return respelt;
}

function wantsText(issue: z.core.$ZodIssue): boolean {
  if (issue.code === 'invalid_type') return issue.expected === 'string';
  return issue.code === 'invalid_union' && issue.errors.some((branch) => branch.some(wantsText));
}
