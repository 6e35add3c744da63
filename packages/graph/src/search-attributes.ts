/**
 * Names of the search attributes of runs. All are of Temporal's type Keyword, but for `tags`, a KeywordList.
 *
 * @example
 * ```ts
 * const query = `${SEARCH_ATTRIBUTES.flow} = 'HelloFlow' AND ExecutionStatus = 'Failed'`;
 * ```
 */
export const SEARCH_ATTRIBUTES = {
  flow: 'MetaflowFlow',
  deployment: 'MetaflowDeployment',
  project: 'MetaflowProject',
  branch: 'MetaflowBranch',
  runId: 'MetaflowRunId',
  user: 'MetaflowUser',
  tags: 'MetaflowTags',
} as const;

/** A key of {@link SEARCH_ATTRIBUTES}. */
export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

/**
 * What a run shows of itself by search attributes: those that its namespace has, and nothing else, since an attribute that is not
 * registered stops a workflow for ever.
 */
export interface SearchAttributeValues {
  /** Values that the deployment decides. */
  readonly values: Readonly<Partial<Record<Exclude<SearchAttributeName, 'runId' | 'tags'>, string>>>;
  /** The run's own id is shown. */
  readonly runId?: true;
  /** The run's own tags are shown. */
  readonly tags?: true;
}

/** Bytes of one value: what a server that keeps them in SQL takes. */
const MOST_VALUE = 255;
/** Bytes of a list: servers refuse more than 2 KB a value, with what JSON adds. */
const MOST_LIST = 1800;

/**
 * The search attributes of a run by their names on the server. A value too long for a server is left out, and tags are there all or not
 * at all: who looks for a tag finds runs that show none by their memo.
 *
 * @param shown - what the worker says of the namespace
 * @param run - the run's own id and tags
 * @example
 * ```ts
 * searchAttributesOf({ values: { flow: 'HelloFlow' }, tags: true }, { runId: 'temporal-x', tags: ['a'] });
 * // { MetaflowFlow: 'HelloFlow', MetaflowTags: ['a'] }
 * ```
 */
export function searchAttributesOf(
  shown: SearchAttributeValues,
  { runId, tags }: { readonly runId: string; readonly tags: readonly string[] },
): Record<string, string | readonly string[]> {
  const found: Record<string, string | readonly string[]> = {};
  const values = { ...shown.values, ...(shown.runId === true ? { runId } : {}) };
  for (const [name, value] of Object.entries(values) as [SearchAttributeName, string][]) {
    if (bytes(value) <= MOST_VALUE) found[SEARCH_ATTRIBUTES[name]] = value;
  }
  const fits = tags.every((tag) => bytes(tag) <= MOST_VALUE) && bytes(JSON.stringify(tags)) <= MOST_LIST;
  if (shown.tags === true && tags.length > 0 && fits) found[SEARCH_ATTRIBUTES.tags] = tags;
  return found;
}

/** Bytes of UTF-8, at most: there is no encoder in the workflow sandbox. */
function bytes(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    sum += code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
  }
  return sum;
}
