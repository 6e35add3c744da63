import { createHash, randomUUID } from 'node:crypto';
import { MftError } from '@mft/graph';

/** An event, as it is published. */
export interface EventToPublish {
  /** Letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** Fields that parameters of the flows get their values from: JSON, 100 KB at most. @defaultValue none */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  /** Of one id each deployment takes an event of a name once. @defaultValue `payload.id`, else a new one */
  readonly id?: string | undefined;
  /** Seconds since the epoch, whole. @defaultValue `payload.timestamp` where that is such a number, else now */
  readonly timestamp?: number | undefined;
}

/** An event on its way. */
export interface CheckedEvent {
  readonly name: string;
  readonly id: string;
  readonly timestamp: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Bytes of a payload: several events may go into the one input of a run, each twice, and Temporal takes 2 MB there. */
const MOST = 100 * 1024;
const LONGEST = 500;

/**
 * Complete an event, and refuse what is none. As with Metaflow's `ArgoEvent`, its payload holds `name`, `id`, `timestamp` and `utc_date`
 * unless it has fields of these names itself.
 *
 * @param now - milliseconds since the epoch
 * @throws MftError `INVALID_EVENT`, `EVENT_TOO_LARGE`
 * @example
 * ```ts
 * checkEvent({ name: 'data_ready', payload: { table: 'sales' } }).payload.table; // 'sales'
 * ```
 */
export function checkEvent(event: EventToPublish, now = Date.now()): CheckedEvent {
  const { name, payload = {} } = event;
  if (!/^[A-Za-z0-9_.-]+$/.test(name) || name.length > LONGEST) {
    throw invalid(`"${name}" cannot name an event.`, 'Use letters, digits, "_", "-" and "."');
  }
  const id = event.id ?? idOf(payload) ?? randomUUID();
  if (id === '' || id.length > LONGEST)
    throw invalid(`The id of event "${name}" must have 1 to ${LONGEST} characters.`, 'Leave it out to get a new one.');
  const { timestamp = timeOf(payload) ?? Math.floor(now / 1000) } = event;
  if (!Number.isSafeInteger(timestamp) || timestamp < 0)
    throw invalid(`${timestamp} is no time of event "${name}".`, 'Give whole seconds since 1 January 1970.');
  const utcDate = new Date(now).toISOString().slice(0, 10).replaceAll('-', '');
  const whole = { name, id, timestamp, utc_date: utcDate, ...payload };
  const bytes = Buffer.byteLength(JSON.stringify(whole));
  if (bytes > MOST) {
    throw new MftError('EVENT_TOO_LARGE', `The payload of event "${name}" takes ${bytes} bytes of JSON.`, {
      hint: `It may take ${MOST}. Put the data where the flow finds it, and its name into the event.`,
    });
  }
  return { name, id, timestamp, payload: whole };
}

/**
 * What tells an event for a deployment from every other, in letters that an id may hold.
 *
 * @example
 * ```ts
 * keyOf('HelloFlow', { name: 'data_ready', id: '1' }); // 20 characters of hexadecimal
 * ```
 */
export function keyOf(deployment: string, { name, id }: Pick<CheckedEvent, 'name' | 'id'>): string {
  return createHash('sha256')
    .update(JSON.stringify([deployment, name, id]))
    .digest('hex')
    .slice(0, 20);
}

function idOf({ id }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}

function timeOf({ timestamp }: Readonly<Record<string, unknown>>): number | undefined {
  return Number.isSafeInteger(timestamp) && (timestamp as number) >= 0 ? (timestamp as number) : undefined;
}

function invalid(message: string, hint: string): MftError {
  return new MftError('INVALID_EVENT', message, { hint });
}
