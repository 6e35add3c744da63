import type { Answer, InitMessage, LogEvent, StartedEvent } from './protocol.js';

/** How to start a launcher. */
export interface LauncherOptions {
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly init: InitMessage;
  /** Milliseconds until `ready`; unpacking a code package and preloading modules are part of it. @defaultValue 120000 */
  readonly startTimeout?: number;
  /** A line that the launcher itself printed. */
  readonly onLine?: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** Told about a task while it runs. */
export interface TaskListener {
  started?(event: StartedEvent): void;
  log?(event: LogEvent): void;
}

/** A request under way. */
export interface RunningRequest {
  /** By which `cancel` names it. */
  readonly id: string;
  /** @throws LauncherLostError when the launcher died first. */
  readonly answer: Promise<Answer>;
}
