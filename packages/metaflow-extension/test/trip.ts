import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { extensionPath } from '../src/index.js';
import { type Message, type Place, python } from './launcher.js';

/** How the file of such a flow begins, and how it ends. */
export const HEAD = `import functools
from metaflow import FlowSpec
from metaflow_extensions.temporal.plugins.temporal import compensate, step
`;
const STEPS = `
    @step
    def start(self):
        self.next(self.book)
    @step
    def book(self):
        self.next(self.end)
    @step
    def end(self):
        pass
`;
export const TAIL = '\nif __name__ == "__main__":\n    TripFlow()\n';

/** How patiently a step is undone, where nothing else is said. */
export const policy = (handler: string, more = {}) => ({
  handler,
  retries: 3,
  minutesBetween: 0,
  timeout: 300,
  ...more,
});

/** A flow of three steps, `start`, `book` and `end`, whose class goes on as a test says. */
export function useTrip(place: Place) {
  /** The flow whose class goes on with `body`, inspected. */
  function inspect(body: string, before = '', words = ['temporal', 'inspect']): Message {
    const file = join(place.directory, 'trip.py');
    writeFileSync(file, `${HEAD}${before}\nclass TripFlow(FlowSpec):${STEPS}${body}${TAIL}`);
    return ask(file, words);
  }

  function ask(file: string, words = ['temporal', 'inspect']): Message {
    const env = { ...place.env, PYTHONPATH: extensionPath(), METAFLOW_USER: 'tester', MFT_FD_OUT: '1' };
    const { stdout, stderr, status } = spawnSync(python, [file, '--quiet', ...words], {
      cwd: place.directory,
      env,
      encoding: 'utf8',
    });
    expect(stdout, stderr).toMatch(/^\{/);
    const answer = JSON.parse(stdout.split('\n')[0]!) as Message;
    expect(status).toBe(answer['error'] ? 1 : 0);
    return answer;
  }

  const accepted = (body: string, before = '') => {
    const { policies } = inspect(body, before) as { policies: Record<string, Message> };
    return Object.fromEntries(
      Object.entries(policies).map(([name, policy]) => [name, policy['compensate'] as unknown]),
    );
  };

  function refused(body: string, before = ''): string {
    const { error } = inspect(body, before) as { error: Message };
    const hint = 'Mend trip.py, then look again: mft graph trip.py';
    expect(error).toMatchObject({
      code: 'INVALID_FLOW',
      headline: 'Bad compensation handler',
      type: 'BadCompensation',
      hint,
    });
    return error['message'] as string;
  }

  return { accepted, ask, inspect, refused };
}
