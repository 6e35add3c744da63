import { SEARCH_ATTRIBUTES } from '@mft/graph';
import type { Client, Connection } from '@temporalio/client';

type Request = Parameters<Connection['operatorService']['addSearchAttributes']>[0];
type ValueType = NonNullable<Request['searchAttributes']>[string];

/** `IndexedValueType` of Temporal's API. */
const KEYWORD = 2 as unknown as ValueType;
const KEYWORD_LIST = 7 as unknown as ValueType;
/** Milliseconds that the server gets for all of it. */
const PATIENCE = 5000;

/**
 * Register the search attributes of runs in a namespace, those that it lacks. Where a server does not let us, or has room for no more,
 * everything works without: runs are then listed by what their memos say.
 *
 * @returns names of those that were registered now; never rejects
 * @example
 * ```ts
 * const added = await registerSearchAttributes(client); // ['MetaflowFlow', 'MetaflowTags', …]
 * ```
 */
export async function registerSearchAttributes(client: Client): Promise<string[]> {
  const { operatorService } = client.connection as Partial<Connection>;
  if (operatorService === undefined) return [];
  const { namespace } = client.options;
  const added: string[] = [];
  try {
    await client.withDeadline(Date.now() + PATIENCE, async () => {
      const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
      for (const name of Object.values(SEARCH_ATTRIBUTES)) {
        if (customAttributes[name] !== undefined) continue;
        const type = name === SEARCH_ATTRIBUTES.tags ? KEYWORD_LIST : KEYWORD;
        // One by one: a server that has room for some gets those.
        await operatorService.addSearchAttributes({ namespace, searchAttributes: { [name]: type } });
        added.push(name);
      }
    });
  } catch {
    // Not ours to decide: a hosted service, an account without the right, a database whose columns are all in use.
  }
  return added;
}
