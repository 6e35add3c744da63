/**
 * JSON Schema (2020-12) of the one argument of `MetaflowWorkflow`, all of it optional.
 *
 * @example
 * ```ts
 * new Ajv2020().compile(RUN_INPUT_SCHEMA)({ params: { greeting: 'hi' } }); // true
 * ```
 */
export const RUN_INPUT_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'RunInput',
  description: 'What a run of a Metaflow flow on Temporal is started with.',
  type: 'object',
  properties: {
    params: {
      description: "Parameters by Metaflow's name; those left out get their defaults.",
      type: 'object',
      additionalProperties: true,
    },
    tags: {
      description: "Tags of this run, in addition to the deployment's.",
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 500 },
      uniqueItems: true,
    },
    timeout: {
      description: "Seconds after which the run is ended with WorkflowTimeout; overrides the deployment's.",
      type: 'number',
      exclusiveMinimum: 0,
    },
    maxNumSplits: {
      description: "A foreach that opens more tasks fails the run with TooManySplits; overrides the deployment's.",
      type: 'integer',
      minimum: 1,
    },
    hash: {
      description: 'Config to run, by hash; default: what the worker serves.',
      type: 'string',
      pattern: '^[0-9a-f]{64}$',
    },
    resume: {
      description: 'Resume an earlier run of this flow: its finished tasks are cloned, its parameters kept.',
      type: 'object',
      properties: {
        origin: { description: "Metaflow's run id of the earlier run.", type: 'string', pattern: '^[A-Za-z0-9._-]+$' },
        step: { description: 'Run this step and all that come after it again.', type: 'string', minLength: 1 },
      },
      required: ['origin'],
      additionalProperties: false,
    },
    compensate: {
      description: "How the run is undone should it not complete; overrides the deployment's, field by field.",
      type: 'object',
      properties: {
        parallel: { description: 'Handlers at a time within one block; default: 1.', type: 'integer', minimum: 1 },
        cloned: { description: 'Undo what a resumed run has taken over as well.', type: 'boolean' },
      },
      additionalProperties: false,
    },
    triggers: {
      description: 'What started the run, for current.trigger in its steps.',
      type: 'array',
      items: {
        type: 'object',
        properties: {
          type: { enum: ['event', 'run', 'schedule'] },
          name: { type: 'string', minLength: 1 },
          id: { description: 'Of a run: pathspec of its end task.', type: 'string', minLength: 1 },
          timestamp: { description: 'Seconds since the epoch.', type: 'integer', minimum: 0 },
          payload: { type: 'object', additionalProperties: true },
        },
        required: ['type', 'name', 'id', 'timestamp'],
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
} as const;
