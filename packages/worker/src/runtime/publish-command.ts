import { connect } from '../connection/connect.js';
import { formatPublished, givenPayload, verdictOn } from '../events/command.js';
import { publishEvent } from '../events/publish.js';
import type { PublishFlags } from './program.js';

/**
 * `node FILE publish`: publish an event. Who waits for it need not be the file's own flow.
 *
 * @returns the exit status: 1 where every deployment that waits for the event refused it
 */
export async function publish([name = '', ...words]: readonly string[], flags: PublishFlags): Promise<number> {
  const payload = await givenPayload(words, flags.payloadFile);
  const { client, connection } = await connect(flags);
  try {
    const published = await publishEvent(client, { name, payload, id: flags.id });
    process.stdout.write(`${flags.json === true ? JSON.stringify(published) : formatPublished(published)}\n`);
    const { exitCode, warnings } = verdictOn(published);
    for (const line of warnings) process.stderr.write(`${line}\n`);
    return exitCode;
  } finally {
    await connection.close();
  }
}
