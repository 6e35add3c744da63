import type { Context } from '@temporalio/activity';
import { LauncherLostError } from '../launcher/errors.js';
import type { Session } from '../launcher/pool.js';
import type { Answer, CompensateRequest, TaskRequest } from '../launcher/protocol.js';
import type { TaskListener } from '../launcher/process-types.js';

/** Thrown when a task ended because its worker is going away: lost, not cancelled. */
export class WorkerStoppedError extends LauncherLostError {}

/**
 * Run one process of a task to its end, come what may: a cancel is passed on and then waited for, so that nothing of the task is left
 * when this returns.
 *
 * @param grace - seconds between SIGTERM and SIGKILL.
 * @throws CancelledFailure when the activity was cancelled; {@link LauncherLostError} when the launcher was lost; {@link WorkerStoppedError}
 * when the worker stops.
 */
export async function supervise(
  context: Context,
  session: Session,
  request: TaskRequest | CompensateRequest,
  listener: TaskListener,
  grace: number,
): Promise<Answer> {
  const { cancellationSignal: signal } = context;
  const aborted = (): boolean => signal.aborted;
  if (aborted()) throw reasonOf(signal);
  const { id, answer } = session.launcher.request(request, listener);
  // A launcher that died meanwhile tells so by `answer`.
  const cancel = (): void => void session.launcher.cancel(id, grace).catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answered = await answer;
    if (answered.ok) return answered;
    // Whatever its process made of the signal: it ended because it was told to.
    if (aborted()) throw reasonOf(signal);
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
    signal.removeEventListener('abort', cancel);
  }
}

/** Why the activity is cancelled. Temporal also cancels activities of a worker that shuts down: those are to be tried again elsewhere. */
function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  if (!(reason instanceof Error)) return new WorkerStoppedError(String(reason));
  return reason.message === 'WORKER_SHUTDOWN' ? new WorkerStoppedError('Its worker was stopped.') : reason;
}
