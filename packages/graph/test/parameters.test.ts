import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkParameters, MftError, parseParameters, withDeployedDefaults } from '../src/index.js';
import type { ParameterSpec } from '../src/index.js';

const specs: ParameterSpec[] = [
  { name: 'greeting', type: 'str', required: false, default: 'hello' },
  { name: 'count', type: 'int', required: false },
  { name: 'ratio', type: 'float', required: false },
  { name: 'flag', type: 'bool', required: false },
  { name: 'data', type: 'json', required: false },
  { name: 'with-dash', type: 'int', required: false },
  { name: 'items', type: 'str', required: false, separator: ',' },
  { name: 'many', type: 'int', required: false, multiple: true },
  { name: 'color', type: 'str', required: false, choices: ['red', 'green'] },
  { name: 'table', type: 'file', required: false },
  { name: 'pair', type: 'int', required: false, nargs: 2 },
  { name: 'shade', type: 'str', required: false, choices: ['Light', 'dark'], caseless: true },
  { name: 'small', type: 'int', required: false, min: 1, max: 10 },
];

function refusal(act: () => unknown): Pick<MftError, 'code' | 'message' | 'hint'> {
  try {
    act();
  } catch (error) {
    if (error instanceof MftError) return { code: error.code, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('values by type', () => {
  test.each<[string, unknown]>([
    ['greeting=hi', 'hi'],
    ['greeting=', ''],
    ['greeting=a=b=c', 'a=b=c'],
    ['greeting=--looks-like-a-flag', '--looks-like-a-flag'],
    ['greeting=ünïcödé 😀', 'ünïcödé 😀'],
    ['greeting=1', '1'],
    ['count=3', 3],
    ['count=-3', -3],
    ['count= 1_000 ', 1000],
    ['count=12345678901234567890', '12345678901234567890'],
    ['ratio=0.5', 0.5],
    ['ratio=.5e-3', 0.0005],
    ['ratio=1', 1],
    ['ratio=inf', 'inf'],
    ['flag=true', true],
    ['flag=True', true],
    ['flag=1', true],
    ['flag=no', false],
    ['flag=0', false],
    ['data={"a": [1, null]}', { a: [1, null] }],
    ['data=3', 3],
    ['data="text"', '"text"'],
    ['data=null', 'null'],
    ['with-dash=1', 1],
    ['items=a,b', 'a,b'],
    ['color=red', 'red'],
    ['table=data/table.csv', 'data/table.csv'],
    ['count=٣', '٣'],
    ['ratio=-0.0', '-0.0'],
    ['ratio=1e1_0', 1e10],
    ['data={"a": 1.0}', '{"a": 1.0}'],
    ['data={"a": [NaN, -Infinity, "NaN"]}', '{"a": [NaN, -Infinity, "NaN"]}'],
    ['data={"b": 12345678901234567890}', '{"b": 12345678901234567890}'],
    ['data={"2": 0, "1": 0}', '{"2": 0, "1": 0}'],
    ['data={"a": "x  y"}', { a: 'x  y' }],
    ['pair=[1, -2]', [1, -2]],
    ['shade=LIGHT', 'LIGHT'],
    ['small=10', 10],
  ])('%s', (word, value) => {
    const [name] = word.split('=', 1);
    expect(parseParameters(specs, [word])).toEqual({ [name!]: value });
  });

  test('an option that may be repeated', () => {
    expect(parseParameters(specs, ['many=1', 'many=2'])).toEqual({ many: [1, 2] });
    expect(checkParameters(specs, { many: 3 })).toEqual({ many: [3] });
  });

  test('values as a client sends them', () => {
    expect(
      checkParameters(specs, {
        greeting: 5,
        count: '4',
        flag: 0,
        data: [1],
        items: ['a', 'b'],
        ratio: 2,
        color: undefined,
        table: null,
      }),
    ).toEqual({
      greeting: '5',
      count: 4,
      flag: false,
      data: [1],
      items: 'a,b',
      ratio: 2,
    });
  });

  test('dashes and underscores stand for each other where that is one parameter only', () => {
    expect(parseParameters(specs, ['with_dash=2'])).toEqual({ 'with-dash': 2 });
    const both: ParameterSpec[] = [
      { name: 'a-b', type: 'str', required: false },
      { name: 'a_b', type: 'str', required: false },
    ];
    expect(parseParameters(both, ['a_b=1', 'a-b=2'])).toEqual({ a_b: '1', 'a-b': '2' });
  });
});

describe('refusals', () => {
  test.each([
    ['count=three', 'Parameter "count" must be a whole number, not "three".', 'For example: count=3'],
    ['count=1.5', 'Parameter "count" must be a whole number, not "1.5".', 'For example: count=3'],
    ['ratio=much', 'Parameter "ratio" must be a number, not "much".', 'For example: ratio=0.5'],
    ['ratio=0x10', 'Parameter "ratio" must be a number, not "0x10".', 'For example: ratio=0.5'],
    ['flag=maybe', 'Parameter "flag" must be true or false, not "maybe".', 'For example: flag=true'],
    ['data={a: 1}', 'Parameter "data" must be JSON, not "{a: 1}".', `For example: data='{"a": 1}'`],
    ['table=', 'Parameter "table" must be the path of a file, not "".', 'For example: table=path/to/file'],
    ['color=blue', 'Parameter "color" cannot be "blue".', 'Choose one of: red, green'],
    ['data={"a": -NaN}', 'Parameter "data" must be JSON, not "{"a": -NaN}".', `For example: data='{"a": 1}'`],
    ['pair=1', 'Parameter "pair" takes 2 values, not "1".', `Give them as a list: pair='[…, …]'`],
    ['pair=[1]', 'Parameter "pair" takes 2 values, not "[1]".', `Give them as a list: pair='[…, …]'`],
    ['shade=grey', 'Parameter "shade" cannot be "grey".', 'Choose one of: Light, dark'],
    ['small=11', 'Parameter "small" cannot be "11".', 'It must be at least 1 and at most 10.'],
    ['nonsense', '"nonsense" is no parameter.', 'Parameters are written key=value, for example: greeting=…'],
    ['=3', '"=3" is no parameter.', 'Parameters are written key=value, for example: greeting=…'],
  ])('%s', (word, message, hint) => {
    expect(refusal(() => parseParameters(specs, [word]))).toEqual({ code: 'INVALID_PARAMETER', message, hint });
  });

  test('an unknown name, with the one that was probably meant', () => {
    const { code, message, hint } = refusal(() => parseParameters(specs, ['greting=x']));
    expect([code, message]).toEqual(['UNKNOWN_PARAMETER', 'There is no parameter "greting".']);
    expect(hint).toMatch(/^Did you mean "greeting"\? Parameters: greeting, count, /);
    expect(refusal(() => parseParameters(specs, ['zzz=x'])).hint).toMatch(/^Parameters: greeting/);
    expect(refusal(() => parseParameters([], ['a=1'])).hint).toBe('This flow takes no parameters.');
    expect(refusal(() => checkParameters(specs, { constructor: 1 })).code).toBe('UNKNOWN_PARAMETER');
  });

  test('the same parameter twice, also under both spellings', () => {
    expect(refusal(() => parseParameters(specs, ['count=1', 'count=2'])).code).toBe('DUPLICATE_PARAMETER');
    expect(refusal(() => checkParameters(specs, { 'with-dash': 1, with_dash: 2 })).code).toBe('DUPLICATE_PARAMETER');
  });

  test('required ones that are missing, all at once', () => {
    const required: ParameterSpec[] = [
      { name: 'a', type: 'int', required: true },
      { name: 'b', type: 'str', required: true },
      { name: 'c', type: 'str', required: true, default: 'x' },
    ];
    expect(refusal(() => parseParameters(required, []))).toEqual({
      code: 'MISSING_PARAMETER',
      message: 'Parameters "a", "b" are required.',
      hint: 'Add: a=… b=…',
    });
    expect(refusal(() => checkParameters(required, { a: 1, b: null })).message).toBe('Parameter "b" is required.');
    expect(checkParameters(required, {}, { partial: true })).toEqual({});
  });

  test('an object for text, a list whose items hold the separator', () => {
    expect(refusal(() => checkParameters(specs, { greeting: { a: 1 } })).message).toBe(
      'Parameter "greeting" must be text, not {"a":1}.',
    );
    expect(refusal(() => checkParameters(specs, { items: ['a,b'] })).message).toBe(
      'Parameter "items": the item "a,b" holds the separator ",".',
    );
  });
});

test('P1: what comes out can be checked again and comes out the same', () => {
  const word = fc.oneof(
    fc.string().map((v) => `greeting=${v}`),
    fc.bigInt().map((v) => `count=${v}`),
    fc.double().map((v) => `ratio=${v}`),
    fc.boolean().map((v) => `flag=${v}`),
    fc.json().map((v) => `data=${v}`),
    fc.string().map((v) => `items=${v}`),
  );
  fc.assert(
    fc.property(word, (one) => {
      const once = parseParameters(specs, [one]);
      const twice = checkParameters(specs, JSON.parse(JSON.stringify(once)) as Record<string, unknown>);
      expect(JSON.stringify(twice)).toBe(JSON.stringify(once));
    }),
    { numRuns: 2000 },
  );
});

test('defaults evaluated at deployment are passed on, others are left to Metaflow', () => {
  const deployed: ParameterSpec[] = [
    { name: 'computed', type: 'str', required: false, default: 'then', deployed: true },
    { name: 'plain', type: 'str', required: false, default: 'x' },
  ];
  expect(withDeployedDefaults(deployed, {})).toEqual({ computed: 'then' });
  expect(withDeployedDefaults(deployed, { computed: 'now' })).toEqual({ computed: 'now' });
  expect(withDeployedDefaults(deployed, { computed: null, other: 1 })).toEqual({ computed: 'then', other: 1 });
  const dashed: ParameterSpec[] = [{ name: 'a-b', type: 'str', required: false, default: 'then', deployed: true }];
  expect(withDeployedDefaults(dashed, { a_b: 'now' })).toEqual({ 'a-b': 'now' });
});
