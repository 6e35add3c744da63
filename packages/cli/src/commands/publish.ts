import { MftError } from '@mft/graph';
import { isParameter } from '../argv.js';
import type { Context, Result } from '../context.js';
import type { TemporalFlags } from '../options.js';
import { withServer } from '../remote.js';

/** Flags of `mft publish`. */
export interface PublishFlags extends TemporalFlags {
  readonly id?: string;
  readonly payloadFile?: string;
}

/**
 * `mft publish`: publish an event to every deployment that waits for it. A deployment that refuses it is told of; the others have theirs,
 * and publishing again would not mend it. Only where all of them refuse it does the command fail.
 *
 * @throws MftError MISSING_ARGUMENT, INVALID_EVENT, EVENT_TOO_LARGE, PAYLOAD_FILE, and as {@link withServer}
 */
export async function publish(words: readonly string[], flags: PublishFlags, context: Context): Promise<Result> {
  const [name, ...excess] = words.filter((word) => !isParameter(word));
  if (name === undefined)
    throw new MftError('MISSING_ARGUMENT', 'No event is named.', {
      hint: 'Name one, and its fields: mft publish data_ready table=sales',
    });
  const { formatPublished, givenPayload, publishEvent, verdictOn } = await import('@mft/worker');
  const payload = await givenPayload([...excess, ...words.filter(isParameter)], flags.payloadFile);
  const published = await withServer(flags, context, ({ client }) =>
    publishEvent(client, { name, payload, id: flags.id }, { env: context.env }),
  );
  const { exitCode, warnings } = verdictOn(published);
  for (const line of warnings) context.warn(line);
  return { text: formatPublished(published), json: published, exitCode };
}
