import type { Context } from '@temporalio/activity';
import { LauncherLostError } from '../launcher/errors.js';
import type { Session } from '../launcher/pool.js';
import type { Runner } from './runner.js';
import type { Answer, CompensateRequest, ExitHookRequest, TaskRequest } from '../launcher/protocol.js';
import type { TaskListener } from '../launcher/process-types.js';

/** Thrown when a task ended because its worker is going away: lost, not cancelled. */
export class WorkerStoppedError extends LauncherLostError {}

/**
 * Run one process of a task to its end, come what may: a cancel is passed on and then waited for, so that nothing of the task is left
 * when this returns.
 *
 * @param grace - seconds between SIGTERM and SIGKILL.
 * @param limit - milliseconds after which the process is ended, whatever it is at. @defaultValue none
 * @throws CancelledFailure when the activity was cancelled; {@link LauncherLostError} when the launcher was lost or the limit passed;
 * {@link WorkerStoppedError} when the worker stops.
 */
export async function supervise(
  context: Context,
  session: Session,
  request: TaskRequest | CompensateRequest | ExitHookRequest,
  listener: TaskListener,
  grace: number,
  limit?: number,
): Promise<Answer> {
  const { cancellationSignal: signal } = context;
  const aborted = (): boolean => signal.aborted;
  if (aborted()) throw reasonOf(signal);
  const { id, answer } = session.launcher.request(request, listener);
  // A launcher that died meanwhile tells so by `answer`.
  const cancel = (): void => void session.launcher.cancel(id, grace).catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  let overdue = false;
  const timer = limit === undefined ? undefined : setTimeout(() => ((overdue = true), cancel()), limit);
  const isOverdue = (): boolean => overdue;
  try {
    const answered = await answer;
    if (answered.ok) return answered;
    // Whatever its process made of the signal: it ended because it was told to.
    if (aborted()) throw reasonOf(signal);
    if (isOverdue())
      throw new LauncherLostError(`It did not end within ${(limit ?? 0) / 1000} s, its timeout and some time more.`);
    if (answered.error.kind === 'cancelled') throw new WorkerStoppedError('Its worker was stopped.');
    if (answered.error.kind === 'lost') {
      session.planners.forget(request.run_id);
      throw new LauncherLostError(answered.error.message);
    }
    return answered;
  } catch (error) {
    if (aborted() && error instanceof LauncherLostError) throw reasonOf(signal);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}

/**
 * Whether a task was cut off because its worker stops, and not by a death.
 *
 * @example
 * ```ts
 * if (isStopped(error, runner)) throw handedOverFailure(details);
 * ```
 */
export function isStopped(error: unknown, { pool }: Pick<Runner, 'pool'>): boolean {
  return error instanceof WorkerStoppedError || (error instanceof LauncherLostError && pool.closed);
}

/**
 * Wait for work that nothing can interrupt, but no longer than the activity is wanted here.
 *
 * @param when - what ends the waiting: any cancel, or only that of a worker that stops
 * @throws CancelledFailure when the activity was cancelled; {@link WorkerStoppedError} when the worker stops
 * @example
 * ```ts
 * const session = await waitUnless('cancelled', Context.current(), runner.pool.session(hash));
 * ```
 */
export async function waitUnless<T>(
  when: 'cancelled' | 'stopped',
  { cancellationSignal: signal }: Pick<Context, 'cancellationSignal'>,
  work: Promise<T>,
): Promise<T> {
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = (): void => {
      const reason = reasonOf(signal);
      if (when === 'cancelled' || reason instanceof WorkerStoppedError) reject(reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
    // Whatever becomes of it now, nobody waits for it.
    work.catch(() => undefined);
  }
}

/** Why the activity is cancelled. Temporal also cancels activities of a worker that shuts down: those are to be tried again elsewhere. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error)) return new WorkerStoppedError(String(reason));
  return reason.message === 'WORKER_SHUTDOWN' ? new WorkerStoppedError('Its worker was stopped.') : reason;
}
