/** gRPC's status of a query that a server does not understand. */
const INVALID_ARGUMENT = 3;
/** Errors of the client wrap those of gRPC. */
const DEEPEST = 5;

/**
 * Whether the server refused a list's query: it names an attribute that the namespace lacks, or asks in a way that came later.
 *
 * @example
 * ```ts
 * const found = await list(narrow).catch((error: unknown) => {
 *   if (isRefusedQuery(error)) return list(wide);
 *   throw error;
 * });
 * ```
 */
export function isRefusedQuery(error: unknown): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < DEEPEST; e = e.cause, depth++) {
    if ((e as { code?: unknown }).code === INVALID_ARGUMENT) return true;
  }
  return false;
}
