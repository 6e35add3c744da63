import { MftError } from './errors.js';
import type { ParameterSpec } from './config.js';

/*
 * Values of parameters, as Metaflow's command line would take them.
 *
 * P1. Checking is idempotent: what comes out can be checked again and comes out the same.
 * P2. For a `json` parameter a string is JSON text, as it is for Metaflow. A JSON value that is itself a string therefore stays text.
 * P3. Nothing is rounded: an integer beyond 2^53 stays text.
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
    return (Array.isArray(value) ? value : [value]).map((item: unknown) => checkOne(spec, item));
  return checkOne(spec, value);
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
  if (spec.choices !== undefined && !spec.choices.includes(text)) {
    throw new MftError('INVALID_PARAMETER', `Parameter "${spec.name}" cannot be ${shown(value)}.`, {
      hint: `Choose one of: ${spec.choices.join(', ')}`,
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
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return undefined;
  const digits = value.trim().replaceAll('_', '');
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
}

function toFloat(value: unknown): number | string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase();
  // JSON has no word for these; Python's float() reads the text.
  if (/^[+-]?(nan|inf|infinity)$/.test(text)) return text;
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/.test(text)) return undefined;
  const number = Number(text.replaceAll('_', ''));
  return Number.isFinite(number) ? number : text;
}

function toBool(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim().toLowerCase() : '';
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

function toJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed: unknown = JSON.parse(value);
    // `null` would read as "not given" later on: it stays text, like a string.
    return typeof parsed === 'string' || parsed === null ? value : parsed;
  } catch {
    return undefined;
  }
}

const CONVERT: Readonly<Record<ParameterSpec['type'], (value: unknown) => unknown>> = {
  str: toText,
  int: toInt,
  float: toFloat,
  bool: toBool,
  json: toJson,
  file: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
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
