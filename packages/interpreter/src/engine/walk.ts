import type { FlowNode, TaskCoordinates, Transition } from '@mft/graph';
import { coordinatesOf, count, drop, frameOf, nextOf, nodeOf, type Draft, type Work } from './draft.js';
import { addEnd, inputsOfJoin } from './ends.js';
import type { End, Place, RunningTask, Token } from './state.js';
import { refuse, refuseSplits } from './stop.js';

/** A task completed: its walk goes on as its step and what the step decided say. */
export function follow(work: Work, task: RunningTask, transition: Transition): void {
  const { plan, draft } = work;
  const node = nodeOf(plan, task.step);
  if (task.parallel === 'control') {
    arriveControl(work, task, transition);
    return;
  }
  switch (node.type) {
    case 'end':
      if (task.frame !== null || draft.range) {
        refuse(work, task, 'reached the end inside of an open split');
        return;
      }
      draft.outcome = { status: 'completed' };
      return;
    case 'switch':
      if (transition.branch === undefined) {
        refuse(work, task, 'chose no branch');
        return;
      }
      if (!node.next.includes(transition.branch)) {
        refuse(work, task, `chose ${JSON.stringify(transition.branch)}, which is none of its branches`);
        return;
      }
      go(work, task, task, transition.branch);
      return;
    case 'split':
      openSplit(work, task, node);
      return;
    case 'foreach':
      if (transition.unbounded) openParallel(work, task, node);
      else openForeach(work, task, node, transition.splits);
      return;
    case 'parallel':
      openParallel(work, task, node);
      return;
    case 'linear':
    case 'join':
      go(work, task, task, nextOf(node));
      return;
  }
}

/** The walk that came from `last` and stands at `place` goes to a step, or waits there if that is the join of its frame. */
function go(work: Work, last: TaskCoordinates, { frame: id, slot }: Place, step: string): void {
  const { plan, draft } = work;
  if (draft.phase !== 'running') return;
  if (id !== null && frameOf(draft, id).join === step) {
    arrive(work, id, [{ from: slot, to: slot + 1, step: last.step, visit: last.visit }]);
    return;
  }
  if (nodeOf(plan, step).type === 'join') {
    refuse(work, last, `went to "${step}", which joins another split`);
    return;
  }
  const visit = step === last.step ? last.visit + 1 : 0;
  put(work, { step, index: last.index, visit, frame: id, slot, inputs: [coordinatesOf(last)] });
}

/** Branches of a frame have come to its join. The last one opens it. */
export function arrive(work: Work, id: number, runs: readonly End[]): void {
  const { draft } = work;
  let frame = frameOf(draft, id);
  for (const run of runs) {
    frame = { ...frame, ends: addEnd(frame.ends, run), left: frame.left - (run.to - run.from) };
  }
  draft.frames[id] = frame;
  if (frame.left > 0) return;
  if (frame.kind === 'range') {
    draft.outcome = { status: 'completed' };
    return;
  }
  drop(draft.frames, id);
  put(work, {
    step: frame.join,
    index: frame.opener.index,
    visit: 0,
    frame: frame.frame,
    slot: frame.slot,
    inputs: inputsOfJoin(frame),
    joinType: frame.kind === 'split' ? 'linear' : 'foreach',
  });
}

/** Puts a task on the stack of those that may start. */
export function put(work: Work, token: Token): void {
  work.draft.ready.push({ token });
  count(work, token.step, { total: 1 });
}

function openSplit(work: Work, task: RunningTask, node: FlowNode): void {
  const id = openFrame(work, task, node, 'split', node.next.length);
  // A stack: put last, started first.
  for (const [slot, branch] of [...node.next.entries()].reverse()) go(work, task, { frame: id, slot }, branch);
}

function openForeach(work: Work, task: RunningTask, node: FlowNode, splits: number | undefined): void {
  const { draft } = work;
  if (splits === undefined || !Number.isInteger(splits) || splits < 1) {
    refuse(work, task, `opened a foreach over ${splits ?? 'an unknown number of'} items`);
    return;
  }
  const { maxNumSplits = Infinity } = draft.limits;
  if (splits > maxNumSplits) {
    refuseSplits(work, task, splits, maxNumSplits);
    return;
  }
  const id = openFrame(work, task, node, 'foreach', splits);
  // All are counted here, none when its token is made: a child counts none of them, or they would be there twice.
  count(work, nextOf(node), { total: splits });
  if (runsAsChildren(draft, id, splits)) draft.wide.push(id);
  else draft.ready.push({ frame: id });
}

/** Whether a foreach is wide, by itself or with those around it in this workflow. */
function runsAsChildren(draft: Draft, id: number, splits: number): boolean {
  const { childThreshold, childNested = Infinity } = draft.limits;
  if (splits > childThreshold) return true;
  if (splits < childNested) return false;
  let tasks = splits;
  for (let around = frameOf(draft, id).frame; around !== null;) {
    const frame = frameOf(draft, around);
    if (frame.kind === 'foreach') tasks *= frame.end;
    around = frame.frame;
  }
  return tasks > childThreshold;
}

function openParallel(work: Work, task: RunningTask, node: FlowNode): void {
  const id = openFrame(work, task, node, 'parallel', 1);
  put(work, {
    step: nextOf(node),
    index: [...task.index, 0],
    visit: 0,
    frame: id,
    slot: 0,
    inputs: [coordinatesOf(task)],
    splitIndex: 0,
    parallel: 'control',
  });
}

function openFrame(
  work: Work,
  task: RunningTask,
  node: FlowNode,
  kind: 'split' | 'foreach' | 'parallel',
  size: number,
) {
  const { draft } = work;
  if (node.join === undefined) throw new Error(`Step ${node.name} opens a ${kind} that the plan never joins.`);
  const id = draft.nextFrame;
  draft.nextFrame += 1;
  draft.frames[id] = {
    kind,
    opener: coordinatesOf(task),
    join: node.join,
    frame: task.frame,
    slot: task.slot,
    cursor: kind === 'foreach' ? 0 : size,
    end: size,
    left: size,
    ends: [],
  };
  return id;
}

function arriveControl(work: Work, task: RunningTask, { mappers }: Transition): void {
  if (mappers === undefined || mappers.length === 0) {
    refuse(work, task, 'named no tasks for its join');
    return;
  }
  const { draft } = work;
  const id = task.frame;
  if (id === null) throw new Error(`The control task of ${task.step} stands in no frame.`);
  draft.frames[id] = { ...frameOf(draft, id), mappers: { step: task.step, taskIds: mappers } };
  arrive(work, id, [{ from: 0, to: 1, step: task.step, visit: task.visit }]);
}
