import { EXIT_HOOK_TIMEOUT, type ExitHookInput, type ExitHookResult } from '@mft/graph';
import { Context } from '@temporalio/activity';
import { setTimeout as sleep } from 'node:timers/promises';
import { finalIfUsers, hookFailure } from '../failure.js';
import { LauncherLostError } from '../launcher/errors.js';
import type { Answer } from '../launcher/protocol.js';
import { Heart } from './heartbeat.js';
import { logLine, type Runner } from './runner.js';
import { inSlot } from './slot.js';
import { supervise, waitUnless } from './supervise.js';

/*
 * Calling an exit hook.
 *
 * H1. At most once: a hook pages people, posts messages, starts other things. That it may have begun is told to the server before its
 *     process starts, and an attempt that finds this told does not begin it again.
 * H2. What never began is tried again: a worker that was lost or stopped before, a launcher that could not be had.
 * H3. A process of its own, killed with its group at the timeout and when its worker goes.
 */

/** Milliseconds after which a wait for the launcher or for a slot needs heartbeats. */
const SILENT = 5000;
/** Milliseconds that a heartbeat is held back at most after an earlier one: the throttle that this package's workers set, and some. */
const THROTTLE = 1200;
/** Milliseconds beyond the timeout, which the launcher sees to. */
const SLACK = 60_000;
/** Characters of its output that are kept. */
const OUTPUT = 1000;

/**
 * Call one exit hook of a run that has ended, by Metaflow's own script.
 *
 * @throws ApplicationFailure `ExitHookFailed`, final, where the hook failed or was cut off; what is worth another try where it never began
 */
export async function runExitHook(runner: Runner, input: ExitHookInput): Promise<ExitHookResult> {
  const context = Context.current();
  const { heartbeatDetails } = context.info as { heartbeatDetails?: { readonly begun?: unknown } };
  if (heartbeatDetails?.begun === true)
    throw hookFailure({ message: 'Its worker was lost while it ran; a hook is not called twice.' }, '');
  let heart: Heart | undefined;
  // The mark is sent at once only where no other heartbeat was sent shortly before.
  const waiting = setTimeout(() => (heart = new Heart(context, runner.heartbeat, 0)), SILENT);
  try {
    const session = await waitUnless('stopped', context, runner.pool.session(input.hash)).catch(finalIfUsers);
    return await inSlot(runner, context, async () => {
      clearTimeout(waiting);
      const early = heart !== undefined;
      heart ??= new Heart(context, runner.heartbeat, 0);
      heart.begun(true);
      if (early) await sleep(THROTTLE);
      return await call(runner, input, session, heart);
    });
  } finally {
    clearTimeout(waiting);
    heart?.stop();
  }
}

type Session = Awaited<ReturnType<Runner['pool']['session']>>;

async function call(runner: Runner, input: ExitHookInput, session: Session, heart: Heart): Promise<ExitHookResult> {
  const context = Context.current();
  const { runId, hook } = input;
  const { timeout = EXIT_HOOK_TIMEOUT } = session.config.exitHooks ?? {};
  const origin = {
    ...{ flow: session.config.flow.name, run: runId, step: `_hook_${hook}`, label: `exit hook ${hook}` },
    ...{ taskId: '1', attempt: 0 },
  };
  const seen = { begun: false, output: '' };
  let answer: Answer;
  try {
    answer = await supervise(
      context,
      session,
      { op: 'exit_hook', run_id: runId, hook, timeout },
      {
        started: ({ pid }) => {
          seen.begun = true;
          heart.started(pid);
        },
        log: (event) => {
          heart.line(event.line);
          seen.output = `${seen.output}${seen.output === '' ? '' : '\n'}${event.line}`.slice(-OUTPUT);
          runner.log(logLine(origin, event));
        },
      },
      runner.grace,
      timeout * 1000 + SLACK,
    );
  } catch (error) {
    if (seen.begun && error instanceof LauncherLostError)
      throw hookFailure({ message: `It was cut off, and is not called again: ${error.message}` }, seen.output);
    // Nothing ran: let the next attempt know.
    if (!seen.begun) heart.begun(false);
    throw error;
  }
  if (answer.ok) return { output: seen.output };
  throw hookFailure(answer.error, seen.output);
}
