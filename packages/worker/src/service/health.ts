import { createServer, type ServerResponse } from 'node:http';
import { listen, type Listen } from './listen.js';

/** How a worker process is. Durations of its states are its own affair: a probe asks again. */
export type WorkerState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed';

/** One deployment that a worker process serves. */
export interface DeploymentHealth {
  readonly name: string;
  readonly hash: string;
  readonly taskQueue: string;
  /** Whether its task queue is polled by this process. */
  readonly polling: boolean;
}

/** What a worker process says of itself. */
export interface HealthReport {
  readonly state: WorkerState;
  /** Whether the Temporal server answers. */
  readonly connected: boolean;
  readonly deployments: readonly DeploymentHealth[];
  /** Tasks that run now. */
  readonly tasks: number;
}

/** Asked at every probe. */
export type HealthSource = () => Promise<HealthReport> | HealthReport;

/** A server of health checks. */
export interface HealthServer {
  readonly port: number;
  /** `HOST:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Milliseconds that an answer may take: less than the second after which Kubernetes gives a probe up. */
const PATIENCE = 900;
const STARTING: HealthReport = { state: 'starting', connected: false, deployments: [], tasks: 0 };

/**
 * Answer health checks over HTTP, as Kubernetes asks them:
 * `GET /health` (liveness) 200 while this process works or drains, 503 once it failed or stopped;
 * `GET /ready` 200 while it polls every task queue that it serves and the Temporal server answers, else 503, while it drains too.
 * The body is JSON: {@link HealthReport}.
 *
 * @param source - asked at every probe; undefined while there is nothing to ask
 * @throws MftError `PORT_TAKEN`, `BAD_PORT`
 * @example
 * ```ts
 * const health = await startHealthServer({ host: '0.0.0.0', port: 8080 }, () => worker.health());
 * ```
 */
export async function startHealthServer(at: Listen, source: () => HealthSource | undefined): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    const test = path === '/health' ? isAlive : path === '/ready' ? isReady : undefined;
    if (test === undefined) return answer(response, 404, { error: 'There are /health and /ready.' });
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, { error: 'Use GET.' });
    void ask(source()).then((report) => answer(response, test(report) ? 200 : 503, report));
  });
  const port = await listen(server, '--health-port', at);
  // A process that has nothing else to do is not kept alive by being watched.
  server.unref();
  return {
    port,
    address: `${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isAlive({ state }: HealthReport): boolean {
  return state !== 'failed' && state !== 'stopped';
}

function isReady({ state, connected, deployments }: HealthReport): boolean {
  return state === 'running' && connected && deployments.every(({ polling }) => polling);
}

async function ask(source: HealthSource | undefined): Promise<HealthReport> {
  if (source === undefined) return STARTING;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), PATIENCE);
  });
  try {
    return await Promise.race([source(), late]);
  } catch {
    // It answers, so it lives; but nobody should count on it.
    return { ...STARTING, state: 'running' };
  } finally {
    clearTimeout(timer);
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
