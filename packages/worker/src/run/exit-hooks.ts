import { EXIT_HOOKS_MEMO, type ExitHookReport } from '@mft/graph';

/**
 * How the exit hooks of a run that has ended went: the run wrote it into its memo, so that no worker need be asked. Undefined where
 * none was called.
 *
 * @param memo - of the run, as Temporal's client gives it
 * @example
 * ```ts
 * const failed = exitHooksOf(description.memo)?.filter(({ ok }) => !ok);
 * ```
 */
export function exitHooksOf(memo: Readonly<Record<string, unknown>> | undefined): ExitHookReport[] | undefined {
  const found = memo?.[EXIT_HOOKS_MEMO];
  // Anybody may write into a memo.
  return Array.isArray(found) && found.every(isReport) ? found : undefined;
}

function isReport(value: unknown): value is ExitHookReport {
  if (typeof value !== 'object' || value === null) return false;
  const { hook, ok } = value as Partial<Record<keyof ExitHookReport, unknown>>;
  return typeof hook === 'string' && typeof ok === 'boolean';
}
