export { ScheduleError } from './errors.js';
export { nextRuns } from './next.js';
export type { NextRunsOptions } from './next.js';
export { parseCron } from './parse.js';
export type { Calendar } from './parse.js';
export { toScheduleSpec } from './spec.js';
export type { CronOptions } from './spec.js';
export { upsertSchedule } from './upsert.js';
export type { Upserted, UpsertOptions } from './upsert.js';
