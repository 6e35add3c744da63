import { MftError, SEARCH_ATTRIBUTES, type SearchAttributeName } from '@mft/graph';
import type { WorkerSettings } from '../worker/settings.js';

/*
 * Which search attributes runs may set.
 *
 * A1. Never one that the namespace does not have: it would stop a run for ever. So the server is asked, and what it said is not believed
 *     for long, since attributes can be removed.
 * A2. A server that does not answer has none: runs do not wait for it.
 * A3. Search attributes are in the clear. Where a data converter encrypts what runs carry, tags and the user's name, which people choose
 *     freely, are shown only if that was asked for.
 */

/** What `MFT_SEARCH_ATTRIBUTES` may say. */
const CHOICES = {
  all: Object.keys(SEARCH_ATTRIBUTES) as SearchAttributeName[],
  names: ['flow', 'deployment', 'project', 'branch', 'runId'] as SearchAttributeName[],
  none: [] as SearchAttributeName[],
};

/** Types as the server names them: Keyword and KeywordList. */
const TYPE = { keyword: 2, list: 7 };
/** Milliseconds for which the server's word is believed, and in which it must have answered. */
const BELIEVED = 30_000;
const PATIENCE = 2000;

/**
 * A function that tells which search attributes runs of a worker may set.
 *
 * @throws MftError `INVALID_SEARCH_ATTRIBUTES` for a value of `MFT_SEARCH_ATTRIBUTES` that is none
 * @example
 * ```ts
 * const ask = attributesOf({ connection, namespace: 'default' });
 * await ask(); // ['flow', 'runId', …]
 * ```
 */
export function attributesOf({
  connection,
  namespace = 'default',
  dataConverter,
  env = process.env,
}: Pick<WorkerSettings, 'connection' | 'namespace' | 'dataConverter' | 'env'>): () => Promise<SearchAttributeName[]> {
  const wanted = chosen(env['MFT_SEARCH_ATTRIBUTES'], dataConverter !== undefined);
  if (wanted.length === 0) return () => Promise.resolve([]);
  let known: { readonly answer: Promise<SearchAttributeName[]>; readonly until: number } | undefined;
  const ask = async (): Promise<SearchAttributeName[]> => {
    const { customAttributes } = await connection.withDeadline(Date.now() + PATIENCE, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return wanted.filter(
      (name) => Number(customAttributes[SEARCH_ATTRIBUTES[name]]) === (name === 'tags' ? TYPE.list : TYPE.keyword),
    );
  };
  return () => {
    if (known === undefined || known.until <= Date.now()) {
      const answer = ask().catch(() => []);
      known = { answer, until: Date.now() + BELIEVED };
    }
    return known.answer;
  };
}

function chosen(text: string | undefined, encrypted: boolean): readonly SearchAttributeName[] {
  const choice = text?.trim() || (encrypted ? 'names' : 'all');
  if (Object.hasOwn(CHOICES, choice)) return CHOICES[choice as keyof typeof CHOICES];
  throw new MftError('INVALID_SEARCH_ATTRIBUTES', `MFT_SEARCH_ATTRIBUTES is "${choice}".`, {
    hint: `One of: ${Object.keys(CHOICES).join(', ')}. Without it: all, or names where a data converter encrypts.`,
  });
}
