/*
 * What can be said about an error without knowing its class. Errors are recognised by their names: several copies of Temporal's
 * packages may be in one bundle.
 */
import type { SagaCause } from './types.js';

/** The error that began it: Temporal wraps what an activity or a child threw in an error of its own. */
export function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && WRAPPERS.has(root.name) && root.cause !== undefined) root = root.cause;
  return root;
}

/**
 * An error as plain data, by its type and one line.
 *
 * @example
 * ```ts
 * causeOf(error); // { type: 'PaymentDeclined', message: 'Payment declined' }
 * ```
 */
export function causeOf(error: unknown): SagaCause {
  const root = rootOf(error);
  if (!(root instanceof Error)) return { type: 'Error', message: firstLine(String(root)) };
  const { type } = root as { type?: unknown };
  return { type: typeof type === 'string' ? type : root.name, message: firstLine(root.message) };
}

/** True when the error itself says that trying again is of no use. */
export function isFinal(error: unknown): boolean {
  const root = rootOf(error);
  return root instanceof Error && (root as { nonRetryable?: unknown }).nonRetryable === true;
}

const WRAPPERS = new Set(['ActivityFailure', 'ChildWorkflowFailure']);

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
