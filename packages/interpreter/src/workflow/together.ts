import type { Happening, Tell } from './bench.js';

/**
 * Tells of what ends in one activation together, in its order, two turns of the microtask queue after the first of it was heard.
 *
 * Those two turns are there because there always were: in one activation a cancel, a deadline and a child are told of before or after the
 * ends of tasks by the number of promises that lie between, which a replay compares (R1). To wait costs two promises, so all tasks that
 * end in an activation wait together.
 */
export function together(tell: Tell): Tell {
  const turn = Promise.resolve();
  let heard: Happening[] = [];
  const tellAll = (): void => {
    const all = heard;
    heard = [];
    for (const happening of all) tell(happening);
  };
  return (happening) => {
    if (heard.push(happening) === 1) void turn.then(nothing).then(tellAll);
  };
}

function nothing(): void {
  // One turn.
}
