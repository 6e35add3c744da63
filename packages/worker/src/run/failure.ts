import { FAILURE } from '@mft/graph';

/** What ended a run, as a person needs it: the step, Python's own error, its traceback. */
export interface RunError {
  /** The step that failed; absent where no step did (a deadline, a run that could not begin). */
  readonly step?: string;
  /** Python's exception type where a step failed (`ValueError`), else the failure's own (`RunNotStarted`). */
  readonly type: string;
  readonly message: string;
  /** Python's traceback, as Python prints it. */
  readonly traceback?: string;
}

/** A failure as Temporal hands it out; read by shape, since several copies of its classes may be loaded. */
interface FailureLike {
  readonly name?: string;
  readonly message?: string;
  readonly type?: string | null;
  readonly stack?: string;
  readonly details?: readonly unknown[] | null;
  readonly cause?: unknown;
  readonly activityType?: string;
}

interface Details {
  readonly step?: string;
  readonly type?: string;
  readonly message?: string;
  readonly traceback?: string;
}

/** How Python's tracebacks begin, those of exception groups too. */
const TRACEBACK = /^(?: *\+ Exception Group )?Traceback \(most recent call last\):$/m;

/**
 * Unwrap a workflow's failure to the step's own error: Temporal nests it in the failure of the child workflow, the activity and
 * the application.
 *
 * @param failure - `WorkflowFailedError.cause`, or any error
 * @example
 * ```ts
 * catch (error) { console.error(runErrorOf(error).traceback); }
 * ```
 */
export function runErrorOf(failure: unknown): RunError {
  const chain = causesOf(failure);
  const application = chain.filter((f) => f.name === 'ApplicationFailure');
  const innermost = application.at(-1) ?? chain.at(-1);
  const details = application.map(detailsOf).filter((d) => d !== undefined);
  const pick = (key: keyof Details) => details.map((d) => d[key]).find((v) => v !== undefined);
  const message = pick('message') ?? innermost?.message ?? String(failure);
  const step = pick('step');
  const traceback =
    pick('traceback') ??
    chain
      .flatMap((f) => [f.message, f.stack])
      .map(tracebackIn)
      .find((t) => t !== undefined);
  const type = pick('type') ?? exceptionType(traceback) ?? innermost?.type ?? innermost?.name ?? 'Error';
  return { ...(step === undefined ? {} : { step }), type, message, ...(traceback === undefined ? {} : { traceback }) };
}

/** `true` where the failure, or one that it wraps, is the run's own deadline. */
export function isDeadline(failure: unknown): boolean {
  return causesOf(failure).some((f) => f.name === 'TimeoutFailure' || f.type === FAILURE.timeout);
}

/** The failure and what caused it, outermost first. */
export function causesOf(failure: unknown): FailureLike[] {
  const chain: FailureLike[] = [];
  for (let f = failure; typeof f === 'object' && f !== null && chain.length < 20; f = (f as FailureLike).cause)
    chain.push(f);
  return chain;
}

function detailsOf(failure: FailureLike): Details | undefined {
  for (const detail of failure.details ?? []) {
    if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) continue;
    const known = Object.entries(detail).filter(
      ([key, value]) => ['step', 'type', 'message', 'traceback'].includes(key) && typeof value === 'string',
    );
    if (known.length > 0) return Object.fromEntries(known);
  }
  return undefined;
}

/** Python's exception type stands at the head of the traceback's last part; its message may have lines of its own. */
function exceptionType(traceback: string | undefined): string | undefined {
  const last = traceback?.split(/^Traceback \(most recent call last\):$/m).at(-1);
  return /^([A-Za-z_][\w.]*)(?::|$)/m.exec(last ?? '')?.[1];
}

/** The stack of a failed step is Python's traceback; JavaScript's own frames, where some were added, are none of the user's. */
function tracebackIn(text: string | undefined): string | undefined {
  const start = text?.match(TRACEBACK)?.index;
  if (text === undefined || start === undefined) return undefined;
  const lines = text.slice(start).split('\n');
  return lines
    .filter((line) => !/^\s+at .+[:)]/.test(line))
    .join('\n')
    .trimEnd();
}
