import type { FlowTriggers } from '@mft/graph';
import { describe, expect, test } from 'vitest';
import { compile, refusal, workplace } from './support/flows.js';

const place = workplace();
const of = (name: string, savePackage = false) =>
  compile(place.path, 'triggers.py', { vars: { CASE: name }, savePackage });

describe('@trigger and @trigger_on_finish', () => {
  test.each<[string, FlowTriggers]>([
    ['one', { on: [{ type: 'event', name: 'ready', parameters: { alpha: 'alpha', 'with-dash': 'with-dash' } }] }],
    [
      'mapped',
      {
        on: [
          { type: 'event', name: 'a.b-c', parameters: { alpha: 'x' } },
          { type: 'event', name: 'of_TriggersFlow', parameters: { 'with-dash': 'y' } },
        ],
        resetAt: { cron: '0 6 * * ? *', timezone: 'Europe/Berlin' },
        within: 60,
      },
    ],
    [
      'unmapped',
      {
        on: [
          { type: 'event', name: 'a' },
          { type: 'event', name: 'b' },
        ],
      },
    ],
    ['finish', { on: [{ type: 'run', name: 'metaflow.UpFlow.end' }] }],
    [
      'project',
      {
        on: ['shop.user.alice.UpFlow', 'other.prod.FarFlow', 'shop.prod.X'].map((name) => ({
          type: 'run',
          name: `metaflow.${name}.end`,
        })),
      },
    ],
    [
      'both',
      {
        on: [
          { type: 'event', name: 'ready', parameters: { alpha: 'x' } },
          { type: 'run', name: 'metaflow.UpFlow.end' },
        ],
      },
    ],
  ])('%s', async (name, triggers) => {
    expect((await of(name)).triggers).toEqual(triggers);
  });

  test.each([
    ['bad name', 'Invalid event name *not this*'],
    ['bad field', 'Invalid field *x y* of event *a*'],
    ['bad parameter', 'Event *a* of *@trigger* gives a parameter *gamma*, which the flow does not have.'],
    ['config', 'gives a parameter *settings*, which the flow does not have.'],
    ['bad twice', 'Parameter *alpha* is given more than once'],
    ['bad project', 'names a project and no branch'],
    ['bad option', 'has the option *reset*, which Temporal does not know'],
    ['bad within', '*within* of *@trigger* must be a number of seconds above 0'],
    ['crash', 'division by zero'],
  ])('%s is refused where the flow is deployed, and only there', async (name, sentence) => {
    const error = await refusal(of(name, true));
    expect(error).toMatchObject({ code: 'INVALID_FLOW', message: expect.stringContaining(sentence) });
    expect(error.hint).toBeDefined();
    if (name === 'bad name') expect((await of(name)).triggers).toBeUndefined();
  });
});
