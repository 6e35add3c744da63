import { z } from 'zod';
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

const projectSchema = z.looseObject({
  name: z.string(),
  branch: z.string(),
  production: z.boolean(),
  userBranch: z.boolean(),
  flowName: z.string(),
});

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
  project: projectSchema.exactOptional(),
  schedule: scheduleSchema.exactOptional(),
  triggers: triggersSchema.exactOptional(),
  exitHooks: exitHooksSchema.exactOptional(),
  decorators: decoratorsSchema,
  package: packageSchema.exactOptional(),
});

/** All that Metaflow's own objects say about a flow. */
export type Introspection = z.infer<typeof introspectionSchema>;

/** What is asked where a production token is to be settled: the record of the deployment of that name. */
export const tokenQuestionSchema = z.strictObject({ deployment: z.string() });

/** What is asked before anything is saved. */
export const questionSchema = z.looseObject({
  question: z.looseObject({
    schedule: scheduleSchema.exactOptional(),
    project: projectSchema.exactOptional(),
    parameters: z.array(parameterSchema),
  }),
});

/** What is known of a flow before anything is saved. */
export type Question = Pick<Introspection, 'parameters' | 'project' | 'schedule'>;

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
