import { MftError, suggest } from '@mft/graph';
import type { Client } from '@temporalio/client';
import { deploymentNames } from './names.js';

/** The error of a record whose place a schedule of somebody else has. */
export function taken(scheduleId: string): MftError {
  return new MftError(
    'DEPLOYMENT_ID_TAKEN',
    `The server has a schedule "${scheduleId}" that is no deployment of mft.`,
    {
      hint: 'Give the deployment another name: --name NAME',
      exitCode: 1,
    },
  );
}

/** The error of a deployment that is not on record, with the name that was probably meant. */
export async function notFound(client: Client, name: string): Promise<MftError> {
  const names = await deploymentNames(client).catch(() => []);
  const meant = suggest(name, names);
  const { namespace } = client.options;
  return new MftError('DEPLOYMENT_NOT_FOUND', `The namespace "${namespace}" has no deployment "${name}".`, {
    hint:
      (meant === undefined ? '' : `Did you mean "${meant}"? `) +
      (names.length === 0 ? 'None is recorded; make one with "mft create FLOW.py".' : 'See all with "mft list".'),
    exitCode: 1,
  });
}
