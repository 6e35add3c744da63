import { MftError, type FlowConfig } from '@mft/graph';
import type { CountedSlots } from '@mft/step-runner';
import type { ActivitySlotInfo, SlotSupplier, WorkerOptions, WorkerTuner } from '@temporalio/worker';
import type { WorkerSettings } from './settings.js';
import { checkedMemory, defaultTaskMemory } from './memory.js';

/** How full the machine may become, for slots that follow its load. From 0 to 1. */
export interface ResourceTargets {
  /** Of memory. @defaultValue 0.8 */
  readonly memory?: number | undefined;
  /** Of processors. @defaultValue 0.9 */
  readonly cpu?: number | undefined;
}

const DEFAULT_TARGETS = { memory: 0.8, cpu: 0.9 };
/** Between two slots: for a task that has just begun to show in the machine's load. */
const RAMP = '50ms';

/** What bounds the tasks of a worker of one flow. */
export interface WorkerSlots {
  /** For the step runner: its bound on memory, and on tasks where Temporal's is none. */
  readonly slots: CountedSlots;
  /** For Temporal's worker. */
  readonly temporal: Pick<WorkerOptions, 'tuner' | 'maxConcurrentActivityTaskExecutions'>;
}

/**
 * What bounds the tasks of a worker of one flow: Temporal's fixed slots; slots that follow the machine's load where targets are given; slots
 * of our own where a step asks for memory, since a task that waits for it is to keep no slot from others.
 *
 * @throws MftError `BAD_CAPACITY`
 * @example
 * ```ts
 * const { slots, temporal } = await workerSlots(config, 8, { memory: 16_000 });
 * ```
 */
export async function workerSlots(
  config: Pick<FlowConfig, 'plan'>,
  maxWorkers: number,
  settings: Pick<WorkerSettings, 'memory' | 'targets' | 'temporal' | 'logger'>,
): Promise<WorkerSlots> {
  const [{ createTaskSlots }, { createSharedBound }] = await Promise.all([
    import('@mft/step-runner'),
    import('../serve/bound.js'),
  ]);
  const memory = memoryOptions(settings);
  const { tuner, maxConcurrentActivityTaskExecutions } = settings.temporal ?? {};
  const temporalsOwn = (temporal: WorkerSlots['temporal']): WorkerSlots => ({
    slots: createTaskSlots(Infinity, memory),
    temporal,
  });
  // Whoever says how many slots there are has decided.
  if (tuner !== undefined || maxConcurrentActivityTaskExecutions !== undefined) return temporalsOwn({});
  if (settings.targets !== undefined)
    return temporalsOwn({ tuner: tunerOf((await resourceSlots(settings.targets, maxWorkers))()) });
  const asks = Object.values(config.plan.policies).some((policy) => policy.memory !== undefined);
  if (!asks) return temporalsOwn({ maxConcurrentActivityTaskExecutions: maxWorkers });
  const bound = createSharedBound(maxWorkers, memory);
  return { slots: bound.slots, temporal: { tuner: tunerOf(bound.supplier(() => Infinity)) } };
}

/**
 * The part of a bound on tasks that is about memory.
 *
 * @throws MftError `BAD_CAPACITY`
 */
export function memoryOptions({ memory = defaultTaskMemory(), logger }: Pick<WorkerSettings, 'memory' | 'logger'>): {
  readonly memory: number;
  readonly warn: (message: string) => void;
} {
  return { memory: checkedMemory(memory), warn: (message) => logger?.warn(message) };
}

/**
 * Slots that Temporal's SDK gives as long as the machine is below its targets. All workers that get theirs here are measured together.
 *
 * @param most - slots of one worker
 * @throws MftError `BAD_CAPACITY`
 */
export async function resourceSlots(
  targets: ResourceTargets,
  most: number,
): Promise<() => SlotSupplier<ActivitySlotInfo>> {
  const { memory, cpu } = checkedTargets(targets);
  const { ResourceBasedController } = await import('@temporalio/worker');
  const controller = ResourceBasedController.create({ targetMemoryUsage: memory, targetCpuUsage: cpu });
  return () => ({ type: 'resource-based', minimumSlots: 1, maximumSlots: most, rampThrottle: RAMP, controller });
}

/** A worker's slots, of which only those of activities are anything special. The others are as many as by default. */
export function tunerOf(activities: SlotSupplier<ActivitySlotInfo>): WorkerTuner {
  return {
    activityTaskSlotSupplier: activities,
    workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 40 },
    localActivityTaskSlotSupplier: { type: 'fixed-size', numSlots: 100 },
    nexusTaskSlotSupplier: { type: 'fixed-size', numSlots: 1 },
  };
}

/**
 * Targets that make sense.
 *
 * @throws MftError `BAD_CAPACITY`
 */
export function checkedTargets({ memory = DEFAULT_TARGETS.memory, cpu = DEFAULT_TARGETS.cpu }: ResourceTargets): {
  readonly memory: number;
  readonly cpu: number;
} {
  for (const [what, target] of Object.entries({ memory, cpu })) {
    if (target > 0 && target <= 1) continue;
    throw new MftError('BAD_CAPACITY', `The target of a machine's ${what} cannot be ${target}.`, {
      hint: `Give --target-${what} a number above 0 and up to 1, such as 0.8.`,
    });
  }
  return { memory, cpu };
}
