import { z } from 'zod';
import { LONGEST_EXIT_HOOK, SCHEDULE_OVERLAPS } from '@mft/graph';
import type { ExitHooks, FlowNode, FlowSchedule, FlowTriggers, ParameterSpec, StepPolicy } from '@mft/graph';

/*
 * Schemas that the introspection and the config share. Objects are loose: a field that this version does not know is kept, so that
 * the hash of a config does not depend on who reads it.
 */

const count = z.int().nonnegative();
const name = z.string().min(1);

export const nodeSchema = z.looseObject({
  name,
  type: z.enum(['linear', 'split', 'foreach', 'parallel', 'switch', 'join', 'end']),
  next: z.array(name),
  join: name.exactOptional(),
  cases: z.record(z.string(), name).exactOptional(),
  condition: name.exactOptional(),
  foreachVar: name.exactOptional(),
  doc: z.string().exactOptional(),
}) satisfies z.ZodType<FlowNode>;

export const policySchema = z.looseObject({
  retry: z.looseObject({ user: count, error: count, minutesBetween: z.number().nonnegative(), losses: count }),
  timeout: z.number().positive().exactOptional(),
  memory: z.number().positive().exactOptional(),
  compensate: z
    .looseObject({
      handler: name,
      retries: count,
      minutesBetween: z.number().nonnegative(),
      timeout: z.number().positive(),
    })
    .exactOptional(),
}) satisfies z.ZodType<StepPolicy>;

export const parameterSchema = z.looseObject({
  name,
  type: z.enum(['str', 'int', 'float', 'bool', 'json', 'file']),
  required: z.boolean(),
  separator: name.exactOptional(),
  multiple: z.boolean().exactOptional(),
  nargs: z.int().exactOptional(),
  choices: z.array(z.string()).exactOptional(),
  caseless: z.boolean().exactOptional(),
  binary: z.boolean().exactOptional(),
  encoding: name.exactOptional(),
  min: z.number().exactOptional(),
  max: z.number().exactOptional(),
  default: z.json().exactOptional(),
  deployed: z.boolean().exactOptional(),
  help: z.string().exactOptional(),
}) satisfies z.ZodType<ParameterSpec>;

export const packageSchema = z.looseObject({ sha: name, url: name, metadata: z.string() });
export const datastoreSchema = z.looseObject({ type: name, root: name });
export const metadataSchema = z.looseObject({ type: name, info: z.string() });
export const versionsSchema = z.looseObject({ version: name, python: name });
export const exitHooksSchema = z.looseObject({
  success: z.array(name),
  error: z.array(name),
  timeout: z.int().min(1).max(LONGEST_EXIT_HOOK).exactOptional(),
}) satisfies z.ZodType<ExitHooks>;
const cronSchema = z.looseObject({ cron: name, timezone: name.exactOptional() });
export const scheduleSchema = cronSchema.extend({
  active: z.boolean().exactOptional(),
  overlap: z.enum(SCHEDULE_OVERLAPS).exactOptional(),
  // Temporal would make 10 of less.
  catchup: z.int().min(10).exactOptional(),
  jitter: count.exactOptional(),
  pauseOnFailure: z.boolean().exactOptional(),
}) satisfies z.ZodType<FlowSchedule>;
export const triggersSchema = z.looseObject({
  on: z
    .array(
      z.looseObject({ type: z.enum(['event', 'run']), name, parameters: z.record(z.string(), name).exactOptional() }),
    )
    .min(1),
  resetAt: cronSchema.exactOptional(),
  within: z.number().positive().exactOptional(),
}) satisfies z.ZodType<FlowTriggers>;
export const textRecord = z.record(z.string(), z.string());
export const decoratorsSchema = z.record(z.string(), z.array(name));
