import { MftError } from './errors.js';
import type { ParameterSpec } from './config.js';

/*
 * Values of parameters, as Metaflow's command line would take them.
 *
 * P1. Checking is idempotent: what comes out can be checked again and comes out the same.
 * P2. For a `json` parameter a string is JSON text, as it is for Metaflow. A JSON value that is itself a string therefore stays text.
 * P3. Nothing is changed: a number that JavaScript would round or write otherwise than Python reads it (an integer beyond 2^53, -0.0,
 *     1.0 in JSON) stays text, and so does JSON that would not come out the same.
 */

const TRUE = new Set(['true', 't', '1', 'yes', 'y', 'on']);
const FALSE = new Set(['false', 'f', '0', 'no', 'n', 'off']);

const EXPECTED: Readonly<Record<ParameterSpec['type'], string>> = {
  str: 'text',
  int: 'a whole number',
  float: 'a number',
  bool: 'true or false',
  json: 'JSON',
  file: 'the path of a file',
};

/**
 * Convert one value to the type of its parameter.
 *
 * @throws MftError `INVALID_PARAMETER`
 * @example
 * ```ts
 * checkValue({ name: 'count', type: 'int', required: false }, '3'); // 3
 * ```
 */
export function checkValue(spec: ParameterSpec, value: unknown): unknown {
  if (spec.separator !== undefined) return checkSeparated(spec, spec.separator, value);
  if (spec.multiple === true)
    return (Array.isArray(value) ? value : [value]).map((item: unknown) => checkTuple(spec, item));
  return checkTuple(spec, value);
}

function checkTuple(spec: ParameterSpec, value: unknown): unknown {
  if (spec.nargs === undefined) return checkOne(spec, value);
  const items: unknown = typeof value === 'string' ? toJson(value) : value;
  if (Array.isArray(items) && items.length === spec.nargs) return items.map((item: unknown) => checkOne(spec, item));
  throw new MftError('INVALID_PARAMETER', `Parameter "${spec.name}" takes ${spec.nargs} values, not ${shown(value)}.`, {
    hint: `Give them as a list: ${spec.name}='[${Array.from({ length: spec.nargs }, () => '…').join(', ')}]'`,
  });
}

function checkSeparated(spec: ParameterSpec, separator: string, value: unknown): string {
  const items = Array.isArray(value) ? (value as unknown[]) : [value];
  const texts = items.map((item) =>
    typeof item === 'string' || typeof item === 'number' ? String(item) : invalid(spec, value),
  );
  const broken = Array.isArray(value) ? texts.find((text) => text.includes(separator)) : undefined;
  if (broken !== undefined) {
    throw new MftError(
      'INVALID_PARAMETER',
      `Parameter "${spec.name}": the item "${broken}" holds the separator "${separator}".`,
      {
        hint: `Items are joined by "${separator}" and split again by Metaflow.`,
      },
    );
  }
  return texts.join(separator);
}

function checkOne(spec: ParameterSpec, value: unknown): unknown {
  const converted = CONVERT[spec.type](value);
  if (converted === undefined) return invalid(spec, value);
  const text = typeof converted === 'string' ? converted : JSON.stringify(converted);
  const same = spec.caseless === true ? (word: string) => word.toLowerCase() : (word: string) => word;
  if (spec.choices !== undefined && !spec.choices.some((choice) => same(choice) === same(text))) {
    throw new MftError('INVALID_PARAMETER', `Parameter "${spec.name}" cannot be ${shown(value)}.`, {
      hint: `Choose one of: ${spec.choices.join(', ')}`,
    });
  }
  if (Number(text) < (spec.min ?? -Infinity) || Number(text) > (spec.max ?? Infinity)) {
    const bounds = [
      ...(spec.min === undefined ? [] : [`at least ${spec.min}`]),
      ...(spec.max === undefined ? [] : [`at most ${spec.max}`]),
    ];
    throw new MftError('INVALID_PARAMETER', `Parameter "${spec.name}" cannot be ${shown(value)}.`, {
      hint: `It must be ${bounds.join(' and ')}.`,
    });
  }
  return converted;
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  // Python spells them so, and a Python program reads this text.
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : undefined;
}

function toInt(value: unknown): number | string | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  // Python reads the digits of every script.
  if (typeof value !== 'string' || !/^\s*[+-]?\p{Nd}+(_\p{Nd}+)*\s*$/u.test(value)) return undefined;
  const digits = value.trim().replaceAll('_', '');
  const number = Number(digits);
  return Number.isSafeInteger(number) && !Object.is(number, -0) ? number : digits;
}

function toFloat(value: unknown): number | string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase();
  // JSON has no word for these; Python's float() reads the text.
  if (/^[+-]?(nan|inf|infinity)$/.test(text)) return text;
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/.test(text)) return undefined;
  const number = Number(text.replaceAll('_', ''));
  return Number.isFinite(number) && !Object.is(number, -0) ? number : text;
}

function toBool(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim().toLowerCase() : '';
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

function toJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const parsed = parsedJson(value);
  if (parsed === undefined) return parsedJson(value.replace(PYTHON_ONLY, plainJson)) === undefined ? undefined : value;
  // `null` would read as "not given" later on: it stays text, like a string.
  const readAgain = typeof parsed !== 'string' && parsed !== null;
  return readAgain && JSON.stringify(parsed) === value.replace(SPACE, withoutSpace) ? parsed : value;
}

/** Strings of a JSON text, and what stands between them: white space, and the numbers that only Python's JSON has. */
const SPACE = /"(?:[^"\\]|\\.)*"|\s+/g;
const PYTHON_ONLY = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
const withoutSpace = (part: string): string => (part.startsWith('"') ? part : '');
const plainJson = (part: string): string => (part.startsWith('"') ? part : 'null');

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A path, or what stands for a file that is uploaded already: Metaflow's own description of it, as JSON text. */
function toFile(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  const uploaded = typeof value === 'object' && value !== null && 'url' in value && 'type' in value;
  return uploaded ? JSON.stringify(value) : undefined;
}

const CONVERT: Readonly<Record<ParameterSpec['type'], (value: unknown) => unknown>> = {
  str: toText,
  int: toInt,
  float: toFloat,
  bool: toBool,
  json: toJson,
  file: toFile,
};

function shown(value: unknown): string {
  const text = typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function invalid(spec: ParameterSpec, value: unknown): never {
  const list = spec.separator === undefined ? '' : ` (a list, separated by "${spec.separator}")`;
  const example = { str: 'text', int: '3', float: '0.5', bool: 'true', json: `'{"a": 1}'`, file: 'path/to/file' }[
    spec.type
  ];
  throw new MftError(
    'INVALID_PARAMETER',
    `Parameter "${spec.name}" must be ${EXPECTED[spec.type]}${list}, not ${shown(value)}.`,
    {
      hint: `For example: ${spec.name}=${example}`,
    },
  );
}
