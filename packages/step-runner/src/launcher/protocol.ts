import type { TriggerEvent } from '@mft/graph';

/*
 * What Node and the launcher say to each other, as `PROTOCOL.md` of @mft/metaflow-extension defines it. Names are as on the wire.
 */

/** First line to a launcher. */
export interface InitMessage {
  readonly op: 'init';
  /** Name of the flow. */
  readonly flow: string;
  readonly file: string;
  readonly directory: string;
  readonly options: readonly string[];
  readonly mode: 'auto' | 'fork' | 'spawn';
  readonly preload: readonly string[];
  readonly package?: { readonly sha: string; readonly url: string; readonly metadata: string };
  /** Folder to unpack code packages in. */
  readonly cache: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly datastore: { readonly type: string; readonly root: string };
}

/** The launcher's answer once it can serve. */
export interface ReadyMessage {
  readonly event: 'ready';
  readonly protocol: number;
  readonly pid: number;
  readonly python: string;
  readonly metaflow: string;
  readonly mode: 'fork' | 'spawn';
  /** Where steps run. */
  readonly directory: string;
}

/** An error as the launcher words it: `code` and `hint` where a user can mend it, `kind` where a task is meant. */
export interface WireError {
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
  readonly kind?: 'failed' | 'cancelled' | 'lost';
  readonly type?: string;
  readonly traceback?: string;
  readonly exit_code?: number;
  readonly signal?: string;
  readonly retry?: boolean;
}

/** What a request says of where its run came from; with every request that may open a planner. */
export interface Resuming {
  readonly resume?: { readonly origin: string; readonly step?: string };
  /** Something triggered the run: what, lies in the datastore. */
  readonly triggered?: true;
}

export interface OpenRequest extends Resuming {
  readonly op: 'open';
  readonly run_id: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly namespace: string | null;
  readonly register: boolean;
  /** What triggered the run that is to be registered. */
  readonly triggers?: readonly TriggerEvent[];
  /** Tells this execution from another one that claims the same run id. */
  readonly token?: string;
}

export interface TaskRequest extends Resuming {
  readonly op: 'task';
  readonly run_id: string;
  readonly step: string;
  readonly task_id: string;
  readonly input_paths: readonly string[];
  readonly split_index: number | null;
  readonly join_type: 'linear' | 'foreach' | null;
  readonly ubf_context: 'ubf_control' | null;
  readonly attempt: number;
  readonly extra_retries: number;
}

export interface CompensateRequest extends Resuming {
  readonly op: 'compensate';
  readonly run_id: string;
  readonly step: string;
  readonly task_id: string;
  readonly handler: string;
  readonly key: string;
  /** Seconds. */
  readonly timeout: number;
  /** From 0. */
  readonly attempt: number;
  readonly failure: { readonly step?: string; readonly type: string; readonly message: string };
}

export interface ExitHookRequest {
  readonly op: 'exit_hook';
  readonly run_id: string;
  /** Name of the function, as `@exit_hook` has it. */
  readonly hook: string;
  /** Seconds. */
  readonly timeout: number;
}

export interface CloseRequest {
  readonly op: 'close';
  readonly run_id: string;
  /** `released`: the run goes on, only its planner here ends. */
  readonly status: 'completed' | 'failed' | 'cancelled' | 'released';
}

export interface CancelRequest {
  readonly op: 'cancel';
  readonly of: string;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly grace: number;
}

export interface ShutdownRequest {
  readonly op: 'shutdown';
  /** Seconds. */
  readonly grace: number;
}

export type Request =
  OpenRequest | TaskRequest | CompensateRequest | ExitHookRequest | CloseRequest | CancelRequest | ShutdownRequest;

/** Answer to a request that went well; the fields beside `ok` are a task's, but for a number of clones: that is an `open`'s. */
export interface OkAnswer {
  readonly re: string;
  readonly ok: true;
  readonly attempt?: number;
  readonly artifacts?: readonly string[];
  readonly splits?: number;
  readonly unbounded?: true;
  readonly branch?: string;
  readonly mappers?: readonly string[];
  /** Of a task: it was cloned when the run was started. Of an `open`: how many were. */
  readonly cloned?: boolean | number;
}

export interface ErrorAnswer {
  readonly re: string;
  readonly ok: false;
  readonly error: WireError;
}

export type Answer = OkAnswer | ErrorAnswer;

export interface StartedEvent {
  readonly event: 'started';
  readonly id: string;
  /** The task's process, leader of a process group of its own. */
  readonly pid: number;
  readonly mode: 'fork' | 'spawn';
}

export interface LogEvent {
  readonly event: 'log';
  readonly id: string;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
}

export type Incoming =
  | ReadyMessage
  | { readonly event: 'fatal'; readonly error: WireError }
  // A line of ours that the launcher could not read.
  | { readonly event: 'garbage'; readonly error: WireError }
  | StartedEvent
  | LogEvent
  | Answer;
