import { z } from 'zod';
import {
  datastoreSchema,
  decoratorsSchema,
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

/** What `python my_flow.py temporal inspect` answers (section 1 of the extension's PROTOCOL.md). */
export const introspectionSchema = z.looseObject({
  protocol: z.int(),
  flow: z.looseObject({ name: z.string(), file: z.string(), directory: z.string(), doc: z.string().exactOptional() }),
  graph: z.looseObject({ start: z.string(), end: z.string(), nodes: z.array(nodeSchema).min(1) }),
  policies: z.record(z.string(), policySchema),
  parameters: z.array(parameterSchema),
  metaflow: versionsSchema,
  interpreter: z.string(),
  options: z.array(z.string()),
  environment: textRecord,
  datastore: datastoreSchema,
  metadata: metadataSchema,
  user: z.string(),
  project: z
    .looseObject({
      name: z.string(),
      branch: z.string(),
      production: z.boolean(),
      userBranch: z.boolean(),
      flowName: z.string(),
    })
    .exactOptional(),
  schedule: scheduleSchema.exactOptional(),
  triggers: triggersSchema.exactOptional(),
  decorators: decoratorsSchema,
  package: packageSchema.exactOptional(),
});

/** All that Metaflow's own objects say about a flow. */
export type Introspection = z.infer<typeof introspectionSchema>;

/** A refusal: Metaflow's own error, or an exception of the flow's code. */
export const refusalSchema = z.looseObject({
  error: z.looseObject({
    code: z.string(),
    message: z.string(),
    headline: z.string().exactOptional(),
    type: z.string().exactOptional(),
    traceback: z.string().exactOptional(),
    hint: z.string().exactOptional(),
  }),
});

/** The error of a refusal. */
export type Refusal = z.infer<typeof refusalSchema>['error'];
