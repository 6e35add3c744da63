import { lettersOf, numberOfLetters, taskLabel, type TaskCoordinates } from '@mft/graph';

/*
 * Tasks in the order of their completion, a stack in few bytes: a run of 100,000 tasks carries them all in its state.
 *
 * The task on top is spelt out; each one below it is kept as its difference from the one above, so that both adding one and taking one
 * off touch the end of a text only. In a foreach of one step that is one or two bytes a task.
 */

/** A task that can be undone. */
export interface UndoTask extends TaskCoordinates {
  /** Where its coordinates do not tell its id: a task that the control task of `@parallel` started. */
  readonly taskId?: string;
}

/** What many tasks have in common. */
interface Kind {
  readonly step: string;
  /** The index path but for its last number; absent for a task outside of any foreach. */
  readonly prefix?: readonly number[];
  readonly taskId?: string;
}

/** At least one task. Plain JSON. */
export interface Pile {
  readonly count: number;
  readonly kinds: readonly Kind[];
  /** The task on top: which kind, the last number of its index path (0 where it has none), its visit. */
  readonly top: readonly [kind: number, last: number, visit: number];
  /**
   * From each task to the one below it, topmost last: `[!kind!][:visit:]difference`, kind and visit only where they differ. The difference is
   * letters, of which the last one is small: from -13 to 12 it is one.
   */
  readonly packed?: string;
  /** Those at the bottom, in runs that began with earlier code: ` [kind!]difference[:visit]` in base 36. */
  readonly below: string;
}

/** Numbers near zero of either sign become small ones from 0. */
const folded = (number: number): number => (number < 0 ? -2 * number - 1 : 2 * number);
const unfolded = (number: number): number => (number % 2 === 0 ? number / 2 : -(number + 1) / 2);

/** What a person reads of a task. */
export function labelOf(task: UndoTask): string {
  return taskLabel(task, task.taskId);
}

/**
 * Puts a task on top.
 *
 * @example
 * ```ts
 * pileOn(pileOn(undefined, { step: 'a', index: [0], visit: 0 }), { step: 'a', index: [1], visit: 0 }).packed; // 'b'
 * ```
 */
export function pileOn(pile: Pile | undefined, task: UndoTask): Pile {
  const { step, index, visit, taskId } = task;
  const kind: Kind = {
    step,
    ...(index.length === 0 ? {} : { prefix: index.slice(0, -1) }),
    ...(taskId === undefined ? {} : { taskId }),
  };
  const last = index.at(-1) ?? 0;
  if (pile === undefined) return { count: 1, kinds: [kind], top: [0, last, visit], below: '' };
  const known = pile.kinds.findLastIndex((one) => same(one, kind));
  const kinds = known < 0 ? [...pile.kinds, kind] : pile.kinds;
  const at = known < 0 ? kinds.length - 1 : known;
  const [oldKind, oldLast, oldVisit] = pile.top;
  const token = [
    oldKind === at ? '' : `!${oldKind.toString(36)}!`,
    oldVisit === visit ? '' : `:${oldVisit.toString(36)}:`,
    lettersOf(folded(oldLast - last)),
  ].join('');
  return { ...pile, count: pile.count + 1, kinds, top: [at, last, visit], packed: (pile.packed ?? '') + token };
}

/** The task on top, and the pile without it, if anything is left. */
export function pileOff(pile: Pile): { readonly task: UndoTask; readonly rest: Pile | undefined } {
  const [kind, last, visit] = pile.top;
  const { step, prefix, taskId } = pile.kinds[kind] ?? broken();
  const task: UndoTask = {
    step,
    index: prefix === undefined ? [] : [...prefix, last],
    visit,
    ...(taskId === undefined ? {} : { taskId }),
  };
  if (pile.count === 1) return { task, rest: undefined };
  const { below, packed = '' } = pile;
  const { length, newKind, difference, newVisit } = packed === '' ? lastOf(below) : lastPacked(packed);
  const top = [
    newKind === undefined ? kind : parseInt(newKind, 36),
    last + difference,
    newVisit === undefined ? visit : parseInt(newVisit, 36),
  ] as const;
  const less = packed === '' ? { below: below.slice(0, -length) } : { packed: packed.slice(0, -length) };
  return { task, rest: { ...pile, ...less, count: pile.count - 1, top } };
}

interface Token {
  readonly length: number;
  readonly newKind: string | undefined;
  readonly difference: number;
  readonly newVisit: string | undefined;
}

/** Longer than any token: nothing before it is looked at. */
const LONGEST = 64;

function lastPacked(packed: string): Token {
  const found = /(?:!([0-9a-z]+)!)?(?::([0-9a-z]+):)?([A-Z]*[a-z])$/.exec(packed.slice(-LONGEST)) ?? broken();
  const [token, newKind, newVisit, letters = ''] = found;
  return { length: token.length, newKind, difference: unfolded(numberOfLetters(letters)), newVisit };
}

function lastOf(below: string): Token {
  const token = below.slice(below.lastIndexOf(' '));
  const found = /^ (?:([^!]+)!)?(-?[^:]+)(?::(.+))?$/.exec(token) ?? broken();
  const [, newKind, difference = '', newVisit] = found;
  return { length: token.length, newKind, difference: parseInt(difference, 36), newVisit };
}

function same(one: Kind, other: Kind): boolean {
  return (
    one.step === other.step &&
    one.taskId === other.taskId &&
    one.prefix?.length === other.prefix?.length &&
    (one.prefix ?? []).every((number, i) => number === other.prefix?.[i])
  );
}

function broken(): never {
  throw new Error('The log of what is to be undone cannot be read.');
}
