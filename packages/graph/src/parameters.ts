import { MftError } from './errors.js';
import { suggest } from './suggest.js';
import { checkValue } from './values.js';
import type { ParameterSpec } from './config.js';

const plain = (name: string): string => name.replaceAll('-', '_');

function find(specs: readonly ParameterSpec[], given: string): ParameterSpec | undefined {
  const exact = specs.find((spec) => spec.name === given);
  if (exact) return exact;
  // Metaflow's name may hold dashes, the attribute in the flow does not: either is understood where it is one parameter only.
  const [only, another] = specs.filter((spec) => plain(spec.name) === plain(given));
  return another === undefined ? only : undefined;
}

function resolve(specs: readonly ParameterSpec[], given: string): ParameterSpec {
  const found = find(specs, given);
  if (found !== undefined) return found;
  const names = specs.map((spec) => spec.name);
  const near = suggest(given, names);
  const all = names.length === 0 ? 'This flow takes no parameters.' : `Parameters: ${names.join(', ')}`;
  throw new MftError('UNKNOWN_PARAMETER', `There is no parameter "${given}".`, {
    hint: near === undefined ? all : `Did you mean "${near}"? ${all}`,
  });
}

/** How strictly to check. */
export interface CheckOptions {
  /** Let required parameters be absent, as for a resume, which takes them from its origin. @defaultValue false */
  readonly partial?: boolean;
}

/**
 * Check values of parameters by the flow's own declarations, before anything is started.
 *
 * @param specs - `config.parameters`
 * @param values - by name; dashes and underscores may stand for each other. A value of null or undefined counts as not given
 * @returns the values by Metaflow's names, converted to their types; only those given
 * @throws MftError `UNKNOWN_PARAMETER`, `INVALID_PARAMETER`, `DUPLICATE_PARAMETER`, `MISSING_PARAMETER`
 * @example
 * ```ts
 * checkParameters([{ name: 'count', type: 'int', required: true }], { count: '3' }); // { count: 3 }
 * ```
 */
export function checkParameters(
  specs: readonly ParameterSpec[],
  values: Readonly<Record<string, unknown>>,
  options: CheckOptions = {},
): Record<string, unknown> {
  const checked = new Map<string, unknown>();
  for (const [given, value] of Object.entries(values)) {
    const spec = resolve(specs, given);
    if (value === undefined || value === null) continue;
    if (checked.has(spec.name)) throw duplicate(spec.name);
    checked.set(spec.name, checkValue(spec, value));
  }
  const missing = specs.filter((spec) => spec.required && spec.default === undefined && !checked.has(spec.name));
  if (missing.length > 0 && options.partial !== true) throw missingParameters(missing);
  return Object.fromEntries(checked);
}

/**
 * Read parameters from words of a command line, and check them.
 *
 * @param specs - `config.parameters`
 * @param words - `key=value` each; everything after the first `=` is the value
 * @throws MftError as {@link checkParameters}
 * @example
 * ```ts
 * parseParameters(config.parameters, ['greeting=hi', 'count=3']); // { greeting: 'hi', count: 3 }
 * ```
 */
export function parseParameters(
  specs: readonly ParameterSpec[],
  words: readonly string[],
  options: CheckOptions = {},
): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) {
      const known = specs[0]?.name ?? 'name';
      throw new MftError('INVALID_PARAMETER', `"${word}" is no parameter.`, {
        hint: `Parameters are written key=value, for example: ${known}=…`,
      });
    }
    const spec = resolve(specs, word.slice(0, at));
    const value = word.slice(at + 1);
    if (spec.multiple === true)
      values.set(spec.name, [...((values.get(spec.name) as string[] | undefined) ?? []), value]);
    else if (values.has(spec.name)) throw duplicate(spec.name);
    else values.set(spec.name, value);
  }
  return checkParameters(specs, Object.fromEntries(values), options);
}

/**
 * Add the defaults that were evaluated when the flow was deployed (functions, files): a worker elsewhere could not evaluate them again.
 * Plain defaults are left to Metaflow, and so is the refusal of names and values that it does not take.
 *
 * @param values - by name; dashes and underscores may stand for each other. A value of null or undefined counts as not given
 * @returns the values by Metaflow's names, unknown ones as they are
 * @example
 * ```ts
 * withDeployedDefaults(config.parameters, input.params ?? {});
 * ```
 */
export function withDeployedDefaults(
  specs: readonly ParameterSpec[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const deployed = specs.filter(
    (spec) => spec.deployed === true && spec.default !== undefined && spec.default !== null,
  );
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries([
    ...deployed.map((spec) => [spec.name, spec.default]),
    ...given.map(([name, value]) => [find(specs, name)?.name ?? name, value]),
  ]) as Record<string, unknown>;
}

function duplicate(name: string): MftError {
  return new MftError('DUPLICATE_PARAMETER', `Parameter "${name}" is given twice.`, {
    hint: `Give it once: ${name}=…`,
  });
}

function missingParameters(missing: readonly ParameterSpec[]): MftError {
  const names = missing.map((spec) => `"${spec.name}"`).join(', ');
  const message = missing.length === 1 ? `Parameter ${names} is required.` : `Parameters ${names} are required.`;
  return new MftError('MISSING_PARAMETER', message, {
    hint: `Add: ${missing.map((spec) => `${spec.name}=…`).join(' ')}`,
  });
}
