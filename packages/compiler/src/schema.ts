import { z } from 'zod';
import { CONFIG_VERSION, MftError } from '@mft/graph';
import type { FlowConfig } from '@mft/graph';
import {
  datastoreSchema,
  decoratorsSchema,
  exitHooksSchema,
  metadataSchema,
  nodeSchema,
  packageSchema,
  parameterSchema,
  policySchema,
  scheduleSchema,
  textRecord,
  triggersSchema,
  versionsSchema,
} from './parts.js';

const config = z.looseObject({
  version: z.literal(CONFIG_VERSION),
  name: z.string().min(1),
  taskQueue: z.string().min(1),
  flow: z.looseObject({
    name: z.string().min(1),
    file: z.string().min(1),
    directory: z.string().min(1),
    doc: z.string().exactOptional(),
  }),
  plan: z.looseObject({
    graph: z.looseObject({
      name: z.string().min(1),
      doc: z.string().exactOptional(),
      start: z.string().min(1),
      end: z.string().min(1),
      nodes: z.record(z.string(), nodeSchema),
    }),
    policies: z.record(z.string(), policySchema),
  }),
  parameters: z.array(parameterSchema),
  metaflow: versionsSchema,
  interpreter: z.string(),
  options: z.array(z.string()),
  environment: textRecord,
  datastore: datastoreSchema,
  metadata: metadataSchema,
  user: z.string(),
  namespace: z.string().exactOptional(),
  tags: z.array(z.string()),
  package: packageSchema.exactOptional(),
  timeout: z.number().positive().exactOptional(),
  maxWorkers: z.int().positive().exactOptional(),
  preload: z.array(z.string()).exactOptional(),
  maxNumSplits: z.int().positive().exactOptional(),
  compensate: z
    .looseObject({ parallel: z.int().positive().exactOptional(), cloned: z.boolean().exactOptional() })
    .exactOptional(),
  project: z.looseObject({ name: z.string(), branch: z.string(), production: z.boolean() }).exactOptional(),
  schedule: scheduleSchema.exactOptional(),
  exitHooks: exitHooksSchema.exactOptional(),
  triggers: triggersSchema.exactOptional(),
  decorators: decoratorsSchema,
}) satisfies z.ZodType<FlowConfig>;

/** The published JSON Schema (2020-12) of a {@link FlowConfig}; also the file `@mft/compiler/flow-config.schema.json`. */
export const flowConfigSchema: Readonly<Record<string, unknown>> = {
  title: 'FlowConfig',
  description: 'A Metaflow flow compiled for Temporal.',
  ...z.toJSONSchema(config),
};

/**
 * Check that a value is a config of a version that this package knows.
 *
 * @throws MftError `UNKNOWN_CONFIG_VERSION` for a config of another version, `INVALID_CONFIG` for anything that is no config.
 * @example
 * ```ts
 * const config = parseConfig(JSON.parse(await readFile('flow.json', 'utf8')));
 * ```
 */
export function parseConfig(value: unknown): FlowConfig {
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== CONFIG_VERSION) {
    throw new MftError(
      'UNKNOWN_CONFIG_VERSION',
      `The flow config has version ${version}; this release reads version ${CONFIG_VERSION}.`,
      {
        hint:
          version > CONFIG_VERSION
            ? 'Use the release that compiled the flow, or a newer one: npm install @mft/cli@latest'
            : 'Compile the flow again: mft create FLOW.py -o FILE',
      },
    );
  }
  const result = config.safeParse(value);
  if (!result.success) {
    throw new MftError('INVALID_CONFIG', `This is not a flow config: ${firstIssue(result.error)}.`, {
      hint: 'Compile the flow again: mft create FLOW.py -o FILE',
      cause: result.error,
    });
  }
  return result.data;
}

/** The first thing that a schema found wrong, in one line. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
