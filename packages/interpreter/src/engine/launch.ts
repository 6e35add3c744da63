import { taskIdOf } from '@mft/graph';
import { coordinatesOf, count, frameOf, nextOf, nodeOf, type Work } from './draft.js';
import { childNameOf, type Token } from './state.js';

/** Starts what may start, as far as the window and the bound on children allow. */
export function launch(work: Work): void {
  const { draft } = work;
  if (draft.phase !== 'running' || draft.held || draft.suspended === true) return;
  let room = draft.limits.window - Object.keys(draft.running).length;
  while (room > 0) {
    const token = nextToken(work);
    if (token === undefined) break;
    startTask(work, token);
    room -= 1;
  }
  let children = draft.limits.childrenAtOnce - Object.keys(draft.children).length;
  for (let top = draft.wide.at(-1); children > 0 && top !== undefined; top = draft.wide.at(-1)) {
    startChild(work, top);
    children -= 1;
  }
}

function nextToken({ plan, draft }: Work): Token | undefined {
  const top = draft.ready.at(-1);
  if (top === undefined) return undefined;
  if ('token' in top) {
    draft.ready.pop();
    return top.token;
  }
  const frame = frameOf(draft, top.frame);
  const i = frame.cursor;
  draft.frames[top.frame] = { ...frame, cursor: i + 1 };
  if (i + 1 >= frame.end) draft.ready.pop();
  return {
    step: nextOf(nodeOf(plan, frame.opener.step)),
    index: [...frame.opener.index, i],
    visit: 0,
    frame: top.frame,
    slot: i,
    inputs: [coordinatesOf(frame.opener)],
    splitIndex: i,
  };
}

function startTask(work: Work, token: Token): void {
  const { draft, commands } = work;
  const { frame, slot, ...task } = token;
  const id = taskIdOf(token);
  if (id in draft.running) throw new Error(`Task ${id} is running already.`);
  draft.running[id] = { ...coordinatesOf(token), frame, slot, ...(token.parallel ? { parallel: token.parallel } : {}) };
  count(work, token.step, { running: 1 });
  commands.push({ type: 'runTask', id, task });
}

function startChild({ plan, draft, commands }: Work, id: number): void {
  const frame = frameOf(draft, id);
  const { opener, join, cursor: from, end } = frame;
  const to = Math.min(end, from + draft.limits.childSize);
  draft.frames[id] = { ...frame, cursor: to };
  if (to >= end) draft.wide.pop();
  const name = childNameOf(nextOf(nodeOf(plan, opener.step)), opener.index, from, to);
  draft.children[name] = { frame: id, from, to, opener: opener.step };
  commands.push({ type: 'startChild', id: name, range: { opener, join, from, to } });
}
