import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { extensionPath, launcherArguments } from '@mft/metaflow-extension';
import { afterAll, describe, expect, it } from 'vitest';
import { startGateway } from '../lib/gateway.mjs';
import { defaults, here, useBackends } from './backends.js';
import { FLOWS, useBench } from './support.js';

type Message = Record<string, unknown>;

/** The launcher of a worker, spoken to as Node does. */
class Launcher {
  readonly #process: ChildProcess;
  readonly #answers = new Map<unknown, (message: Message) => void>();
  #id = 0;
  readonly ready: Promise<Message>;

  constructor(python: string, cwd: string, env: NodeJS.ProcessEnv, init: Message) {
    this.#process = spawn(python, launcherArguments(), {
      cwd,
      env: { ...env, PYTHONPATH: extensionPath() },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
    });
    this.ready = new Promise((resolve) => this.#answers.set('ready', resolve));
    createInterface({ input: this.#process.stdio[4] as Readable }).on('line', (line) => {
      const message = JSON.parse(line) as Message;
      this.#answers.get(message['re'] ?? message['event'])?.(message);
    });
    this.#send({ op: 'init', ...init });
  }

  ask(request: Message): Promise<Message> {
    const id = `r${++this.#id}`;
    const answer = new Promise<Message>((resolve) => this.#answers.set(id, resolve));
    this.#send({ id, ...request });
    return answer;
  }

  end(): void {
    (this.#process.stdio[3] as Writable).end();
  }

  #send(message: Message): void {
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify(message)}\n`);
  }
}

describe.runIf(here.service)('a run of which two workers have a part, with the metadata service', () => {
  const bench = useBench();
  const backends = useBackends();
  const launchers: Launcher[] = [];
  afterAll(() => launchers.forEach((launcher) => launcher.end()));

  it('is registered once, however often that is tried, and asks the service for no more than metaflow run does', async () => {
    const gateway = await startGateway(backends.service);
    try {
      const env = { ...bench.env, ...defaults('local', 'service', gateway.url) };
      const options = ['--datastore=local', '--metadata', 'service'];
      const init = { file: 'linear.py', directory: FLOWS, options, mode: 'fork' };
      for (let i = 0; i < 2; i++) launchers.push(new Launcher(env.METAFLOW_PYTHON!, bench.directory, env, init));
      const [a, b] = launchers as [Launcher, Launcher];
      await Promise.all([a.ready, b.ready]);

      const run = 'temporal-registered';
      const open = { op: 'open', run_id: run, params: {}, tags: ['once'], namespace: null, register: true };
      expect(await a.ask({ ...open, token: 'first' })).toMatchObject({ ok: true });
      // As an activity is repeated whose answer was lost: here, and on another worker.
      expect(await a.ask({ ...open, token: 'first' })).toMatchObject({ ok: true });
      expect(await b.ask({ ...open, token: 'first' })).toMatchObject({ ok: true });
      expect(await b.ask({ op: 'close', run_id: run, status: 'released' })).toMatchObject({ ok: true });
      const stranger = await b.ask({ ...open, token: 'second' });
      expect(stranger).toMatchObject({ ok: false, error: { code: 'RUN_ID_TAKEN', retry: false } });

      const task = (step: string, from: string) => ({
        op: 'task',
        run_id: run,
        step,
        task_id: `temporal-${step}-0`,
        input_paths: [`${run}/${from}/temporal-${from}-0`],
        attempt: 0,
      });
      expect(await b.ask(task('start', '_parameters'))).toMatchObject({ ok: true });
      // The same attempt once more, on another worker.
      expect(await a.ask(task('start', '_parameters'))).toMatchObject({ ok: true });
      gateway.requests.length = 0;
      expect(await b.ask(task('middle', 'start'))).toMatchObject({ ok: true });
      const asked = gateway.requests.filter(
        ({ path }) => path.includes('/steps/middle') && !path.endsWith('/heartbeat'),
      );
      // `metaflow run` does not ask whether there is such a task, since the service gives it its id, but says twice what it runs on.
      expect(asked.map(({ method, path }) => `${method} ${path.split('/middle').at(-1)}`)).toEqual([
        ...['GET ', 'POST /step', 'GET /tasks/temporal-middle-0', 'POST /task'],
        ...Array<string>(4).fill('POST /tasks/temporal-middle-0/metadata'),
        'POST /tasks/temporal-middle-0/artifact',
      ]);

      const kept = async (place: string) =>
        (await (await fetch(`${backends.service}/flows/LinearFlow/runs/${run}/${place}`)).json()) as Message[];
      expect(await kept('steps/_parameters/tasks')).toHaveLength(1);
      expect(await kept('steps/start/tasks')).toMatchObject([{ task_id: 'temporal-start-0', tags: ['once'] }]);
    } finally {
      await gateway.stop();
    }
  });
});
