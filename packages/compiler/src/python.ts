import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { extensionPath, PROTOCOL_VERSION } from '@mft/metaflow-extension';
import { MftError } from '@mft/graph';

const OLDEST_PYTHON = [3, 9] as const;
const OLDEST_METAFLOW = [2, 16] as const;

// Asked without importing Metaflow, which takes ten times as long.
const PROBE = `
import importlib.util, json, sys
def find(name):
    try:
        return importlib.util.find_spec(name)
    except ImportError:
        return None
version = None
if find("metaflow"):
    try:
        from importlib.metadata import version as of
        version = of("metaflow")
    except Exception:
        from metaflow.metaflow_version import get_version
        version = get_version()
spec = find("metaflow_extensions.temporal")
protocol = None
if spec and spec.origin:
    with open(spec.origin, encoding="utf-8") as source:
        for line in source:
            if line.startswith("PROTOCOL_VERSION"):
                protocol = int(line.split("=")[1])
print(json.dumps({"python": list(sys.version_info[:3]), "executable": sys.executable, "metaflow": version,
                  "extension": (list(spec.submodule_search_locations or [None])[0] if spec else None), "protocol": protocol}))
`;

/** What an interpreter says of itself. */
export interface PythonProbe {
  readonly python: readonly number[];
  readonly executable: string;
  /** Metaflow's version; null where it is not installed. */
  readonly metaflow: string | null;
  /** Folder of the extension that the interpreter finds by itself (pip-installed, or on `PYTHONPATH`). */
  readonly extension: string | null;
  /** Protocol of that extension; null where it is not one of ours. */
  readonly protocol: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const probes = new Map<string, Promise<PythonProbe>>();

/**
 * Ask an interpreter what it has; the answer is kept for the life of this process.
 *
 * @throws MftError `PYTHON_NOT_FOUND` where it cannot be started.
 */
export function probePython(python: string, env: Environment = process.env): Promise<PythonProbe> {
  const key = JSON.stringify([python, env['PYTHONPATH'], env['PATH']]);
  let probe = probes.get(key);
  if (probe === undefined) {
    probe = ask(python, env);
    probe.catch(() => probes.delete(key));
    probes.set(key, probe);
  }
  return probe;
}

async function ask(python: string, env: Environment): Promise<PythonProbe> {
  const result = await execa(python, ['-c', PROBE], { env, extendEnv: false, stdin: 'ignore', reject: false });
  if (result.exitCode !== 0) {
    const why =
      result.exitCode === undefined
        ? (result.originalMessage ?? 'it does not start')
        : result.stderr.trim().split('\n').at(-1) || `it exits with status ${result.exitCode}`;
    throw notFound(`"${python}" is no usable Python: ${why.slice(0, 100)}.`);
  }
  try {
    return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as PythonProbe;
  } catch (cause) {
    throw notFound(`"${python}" is no usable Python: it answers "${result.stdout.trim().slice(0, 80)}".`, cause);
  }
}

function notFound(message: string, cause?: unknown): MftError {
  return new MftError('PYTHON_NOT_FOUND', message, {
    hint: 'Activate a virtual environment, or name the interpreter: METAFLOW_PYTHON=/path/to/python',
    cause,
  });
}

/**
 * Find the Python to run flows with: `METAFLOW_PYTHON`, else the active virtual environment's, else `python3` on `PATH`.
 *
 * @param env - environment to look in. @defaultValue `process.env`
 * @returns absolute path of the interpreter
 * @throws MftError `PYTHON_NOT_FOUND`, `PYTHON_TOO_OLD` (below 3.9), `METAFLOW_NOT_FOUND`, `METAFLOW_TOO_OLD` (below 2.16)
 * @example
 * ```ts
 * const python = await findPython(); // '/home/me/.venv/bin/python'
 * ```
 */
export async function findPython(env: Environment = process.env): Promise<string> {
  const given = env['METAFLOW_PYTHON'];
  if (given) return (await checkedPython(given, env)).executable;
  const venv = env['VIRTUAL_ENV'];
  if (venv) {
    const python = process.platform === 'win32' ? join(venv, 'Scripts', 'python.exe') : join(venv, 'bin', 'python');
    if (existsSync(python)) return (await checkedPython(python, env)).executable;
  }
  return (await checkedPython('python3', env)).executable;
}

/** Probe an interpreter and check that flows can be run with it. Throws as {@link findPython}. */
export async function checkedPython(python: string, env: Environment = process.env): Promise<PythonProbe> {
  const probe = await probePython(python, env);
  const version = probe.python.join('.');
  if (isOlder(probe.python, OLDEST_PYTHON)) {
    throw new MftError('PYTHON_TOO_OLD', `${probe.executable} is Python ${version}; 3.9 is the oldest that works.`, {
      hint: 'Name a newer interpreter: METAFLOW_PYTHON=/path/to/python3',
    });
  }
  if (probe.metaflow === null) {
    throw new MftError('METAFLOW_NOT_FOUND', `${probe.executable} (Python ${version}) has no Metaflow.`, {
      hint: `${probe.executable} -m pip install metaflow   (or name another interpreter: METAFLOW_PYTHON=/path/to/python)`,
    });
  }
  const numbers = probe.metaflow.split('.').map((part) => Number.parseInt(part, 10));
  if (isOlder(numbers, OLDEST_METAFLOW)) {
    throw new MftError(
      'METAFLOW_TOO_OLD',
      `${probe.executable} has Metaflow ${probe.metaflow}; 2.16 is the oldest that works.`,
      {
        hint: `${probe.executable} -m pip install --upgrade metaflow`,
      },
    );
  }
  return probe;
}

function isOlder(version: readonly number[], oldest: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version;
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

/**
 * `PYTHONPATH` under which an interpreter finds exactly one copy of the extension: Metaflow refuses to start with two.
 *
 * @throws MftError `EXTENSION_MISMATCH` where an extension of another release, or of someone else, is installed under its name.
 */
export function pythonPathFor(
  probe: PythonProbe,
  env: Environment,
  path: string = extensionPath(),
): string | undefined {
  const given = env['PYTHONPATH'];
  if (probe.extension === null) return [path, given].filter(Boolean).join(delimiter);
  if (probe.protocol !== PROTOCOL_VERSION) {
    const whose =
      probe.protocol === null
        ? 'is not the one of this package'
        : `speaks protocol ${probe.protocol}, not ${PROTOCOL_VERSION}`;
    throw new MftError('EXTENSION_MISMATCH', `The Metaflow extension "temporal" in ${probe.extension} ${whose}.`, {
      hint: `Remove it, this package carries its own: ${probe.executable} -m pip list | grep temporal`,
    });
  }
  return given;
}
