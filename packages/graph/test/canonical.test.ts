import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../src/index.js';

test('members sorted by code units, no white space, undefined left out', () => {
  expect(canonicalJson({ b: [1, { d: null, c: true }], a: 'x', gone: undefined })).toBe(
    '{"a":"x","b":[1,{"c":true,"d":null}]}',
  );
  expect(canonicalJson({ '\u20ac': 1, '\r': 2, '1': 3, '\ud83d\ude00': 4, '\ufb33': 5 })).toBe(
    '{"\\r":2,"1":3,"\u20ac":1,"\ud83d\ude00":4,"\ufb33":5}',
  );
});

test('numbers and strings as RFC 8785 spells them', () => {
  expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  );
  expect(canonicalJson('\u20ac$\u000f\nA\'B"\\"/')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\"/"');
});

test('what JSON has no word for is refused', () => {
  for (const value of [NaN, Infinity, undefined, 1n, () => 1]) expect(() => canonicalJson(value)).toThrow(TypeError);
});

test('equal values give equal text, whatever the order of their members, and the text is the value', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, member]) => [key, reversed(member)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
