import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { execa } from 'execa';
import { extensionPath as ourExtension } from '@mft/metaflow-extension';
import { MftError } from '@mft/graph';
import type { FlowConfig } from '@mft/graph';
import { refused, silent } from './failure.js';
import { introspectionSchema, questionSchema, refusalSchema, tokenQuestionSchema } from './introspection.js';
import type { Introspection, Question } from './introspection.js';
import { checkedPython, findPython, pythonPathFor } from './python.js';
import { firstIssue } from './schema.js';

/** What a deployment's record says of its production token. */
export interface RecordedToken {
  readonly name: string;
  readonly user: string;
  readonly project?: { readonly name: string; readonly branch: string };
  readonly environment: Readonly<Record<string, string>>;
}

/** How the production token of a deployment is settled, as Metaflow's other orchestrators do. */
export interface TokenOptions {
  /** The token, of who did not make the deployment. */
  readonly authorize?: string;
  /** Make a new one. @defaultValue false */
  readonly generate?: boolean;
  /** A token of one's own choice, which Metaflow refuses under `@project`. */
  readonly given?: string;
  /** Called with the name that `@project` gives the deployment. `reached: false` where there is no server to ask. */
  readonly recorded: (name: string) => Promise<{ readonly reached: boolean; readonly deployment?: RecordedToken }>;
}

/** How to ask a flow about itself. */
export interface IntrospectOptions {
  /** Interpreter. @defaultValue as `findPython` finds it */
  readonly python?: string;
  /** Metaflow's top-level options, verbatim: `['--datastore', 's3', '--with', 'retry']`. @defaultValue none */
  readonly options?: readonly string[];
  /** Tags of every run; Metaflow checks them. */
  readonly tags?: readonly string[];
  /** Save the code package, and what `configOf` makes of the introspection, in the datastore. @defaultValue false */
  readonly savePackage?: boolean;
  /** With `savePackage`: the config to store, and its hash. */
  readonly configOf?: (introspection: Introspection) => { config: FlowConfig; hash: string };
  /** Settle the production token of a `@project`'s production deployment. @defaultValue it gets none */
  readonly tokens?: TokenOptions;
  /** Throws where the flow cannot be deployed; called before anything is saved, and where nothing is, before the answer. */
  readonly check?: (found: Question) => Promise<void>;
  /** Folder to put on `PYTHONPATH` where the extension is not installed. */
  readonly extensionPath?: string;
  /** Environment of the Python process. @defaultValue `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Directory to run in: a local datastore is sought from here upwards. @defaultValue `process.cwd()` */
  readonly cwd?: string;
  /** What the flow prints while it is imported, as it comes. @defaultValue to stderr */
  readonly onOutput?: (chunk: string) => void;
}

/**
 * Ask a flow about itself, through Metaflow's own objects. Metaflow's own checks run on the way.
 *
 * @param file - the flow's Python file
 * @throws MftError `FLOW_NOT_FOUND`, `NOT_A_FLOW`, `INCORRECT_TOKEN`, `INVALID_FLOW`, `INVALID_OPTION`, `FLOW_CRASHED`, `UNKNOWN_USER`, and those of `findPython`
 * @example
 * ```ts
 * const { graph } = await introspect('hello.py', { options: ['--with', 'retry'] });
 * ```
 */
export async function introspect(file: string, options: IntrospectOptions = {}): Promise<Introspection> {
  const cwd = options.cwd ?? process.cwd();
  const path = resolve(cwd, file);
  await checkFile(file, path);
  const env = options.env ?? process.env;
  const python = options.python ?? (await findPython(env));
  const probe = await checkedPython(python, env);
  const pythonPath = pythonPathFor(probe, env, options.extensionPath ?? ourExtension());

  const given = options.options ?? [];
  const quiet = given.includes('--pylint') ? ['--quiet'] : ['--quiet', '--no-pylint'];
  const verb = ['temporal', 'inspect', ...(options.tags ?? []).flatMap((tag) => ['--tag', tag])];
  if (options.savePackage) verb.push('--package');
  if (options.savePackage && options.configOf) verb.push('--save-config');
  if (options.tokens !== undefined) verb.push(...tokenWords(options.tokens));

  const child = execa(probe.executable, [path, ...quiet, ...given, ...verb], {
    cwd,
    env: { ...env, PYTHONPATH: pythonPath, MFT_FD_OUT: '3', MFT_FD_IN: '4' },
    extendEnv: false,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    buffer: { fd3: false, fd4: false },
    reject: false,
  });
  const onOutput = options.onOutput ?? ((chunk: string) => process.stderr.write(chunk));
  child.stdout.setEncoding('utf8').on('data', onOutput);
  const answers = createInterface({ input: child.stdio[3] });
  const input = child.stdio[4] as unknown as Writable;
  input.on('error', () => undefined); // the process ended first: its exit tells

  let introspection: Introspection | undefined;
  let saved = false;
  let checked = false;
  let error: Error | undefined;
  for await (const line of answers) {
    try {
      const answer: unknown = JSON.parse(line);
      const refusal = refusalSchema.safeParse(answer);
      const asked = questionSchema.safeParse(answer);
      const token = tokenQuestionSchema.safeParse(answer);
      if (refusal.success) error = refused(refusal.data.error, shown(cwd, path), probe.executable);
      else if (asked.success) {
        await options.check?.(asked.data.question);
        checked = true;
        input.write('{}\n');
      } else if (token.success && options.tokens !== undefined) {
        input.write(JSON.stringify(await options.tokens.recorded(token.data.deployment)) + '\n');
      } else if (introspection === undefined) {
        introspection = understood(answer, file);
        if (!checked) await options.check?.(introspection);
        if (options.savePackage && options.configOf) input.end(JSON.stringify(options.configOf(introspection)) + '\n');
      } else saved = true;
    } catch (cause) {
      error ??= cause as Error;
      input.destroy();
    }
  }
  const result = await child;
  if (error) throw error;
  const unfinished = introspection === undefined || (options.savePackage && options.configOf && !saved);
  if (unfinished || introspection === undefined) {
    throw silent({
      file: shown(cwd, path),
      python: probe.executable,
      exitCode: result.exitCode,
      signal: result.signal,
      stderr: result.stderr,
    });
  }
  if (result.stderr !== '') onOutput(result.stderr + '\n');
  return introspection;
}

function tokenWords({ authorize, generate, given }: TokenOptions): string[] {
  return [
    '--settle-token',
    ...(authorize === undefined ? [] : [`--authorize=${authorize}`]),
    ...(generate === true ? ['--generate-new-token'] : []),
    ...(given === undefined ? [] : [`--new-token=${given}`]),
  ];
}

async function checkFile(file: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new MftError('FLOW_NOT_FOUND', `There is no file "${file}".`, {
      hint: `Looked for ${path}. Name the flow's Python file: mft run my_flow.py`,
    });
  }
  if (!found.isFile()) {
    throw new MftError('NOT_A_FLOW', `"${file}" is a directory, not a flow.`, {
      hint: "Name the flow's Python file: mft run my_flow.py",
    });
  }
}

function understood(answer: unknown, file: string): Introspection {
  const result = introspectionSchema.safeParse(answer);
  if (result.success) return result.data;
  throw new MftError(
    'EXTENSION_MISMATCH',
    `The extension's answer about ${file} is not understood: ${firstIssue(result.error)}.`,
    {
      hint: 'Is another release of the extension installed? python -m pip list | grep -i metaflow',
      cause: result.error,
    },
  );
}

function shown(cwd: string, path: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
}
