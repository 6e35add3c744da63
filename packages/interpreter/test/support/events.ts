import type { ArrivedEvent } from '@mft/graph';

/** An event for a deployment that waits for `a` and `b`; its id is its name and a number. */
export function arrived(
  name: string,
  number: number,
  more: Partial<ArrivedEvent> & { readonly taskQueue?: string } = {},
): ArrivedEvent {
  const { taskQueue = 'queue', ...rest } = more;
  const id = `${name}${number}`;
  return {
    event: { type: 'event', name, id, timestamp: 1_700_000_000 + number },
    key: `key-${id}`,
    params: { [name]: number },
    names: ['a', 'b'],
    at: 1_700_000_000_000,
    run: {
      flow: 'HandFlow',
      deployment: 'HandFlow',
      taskQueue,
      input: { hash: 'a'.repeat(64) },
      memo: { flow: 'HandFlow', deployment: 'HandFlow' },
    },
    ...rest,
  };
}
