/** Functions that `@exit_hook` names, in the order in which they are called. Names are as Metaflow's script takes them. */
export interface ExitHooks {
  /** Called at the end of a run that completed. */
  readonly success: readonly string[];
  /** Called at the end of any other. */
  readonly error: readonly string[];
  /** Seconds that one call may take. @defaultValue 3600 */
  readonly timeout?: number;
}

/** Seconds that an exit hook may take where nothing else is said. */
export const EXIT_HOOK_TIMEOUT = 3600;
/** Seconds that it can be given at most: a week. */
export const LONGEST_EXIT_HOOK = 604_800;

/** One call of an exit hook. */
export interface ExitHookInput {
  readonly hash: string;
  readonly runId: string;
  /** Name of the function: in the flow's file, or `module.function`. */
  readonly hook: string;
}

/** What a hook that ended well has left. */
export interface ExitHookResult {
  /** The end of what it printed, at most 1,000 characters. */
  readonly output: string;
}

/** Name in the memo of a run that has ended under which the {@link ExitHookReport}s lie, where the flow has exit hooks. */
export const EXIT_HOOKS_MEMO = 'exitHooks';

/** How one exit hook ended, and the end of what it printed. */
export interface ExitHookReport {
  readonly hook: string;
  readonly ok: boolean;
  readonly output?: string;
  /** One line, of a hook that failed. */
  readonly error?: string;
}

/**
 * The hooks that the end of a run asks for.
 *
 * @example
 * ```ts
 * exitHooksFor({ success: ['tell'], error: ['page', 'tell'] }, 'cancelled'); // ['page', 'tell']
 * ```
 */
export function exitHooksFor(hooks: ExitHooks | undefined, status: string): readonly string[] {
  if (hooks === undefined) return [];
  return status === 'completed' ? hooks.success : hooks.error;
}
