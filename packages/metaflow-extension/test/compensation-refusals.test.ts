import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extensionPath } from '../src/index.js';
import { Place, python } from './launcher.js';
import { policy, useTrip } from './trip.js';

/* What may not undo a step: refused in one sentence each. */

const place = new Place();
afterAll(() => place.dispose());
const { accepted, refused } = useTrip(place);

describe('a handler is refused that', () => {
  const undo = (body: string) => `\n    @compensate("book")\n    ${body}\n`;
  const one = '*TripFlow.undo*, which undoes step *book*,';

  it.each([
    ['calls self.next', undo('def undo(self): self.next(self.end)')],
    [
      'calls it of a flow by another name',
      undo('def undo(me):\n        flow = other = me\n        if me.x:\n            other.next(me.end)'),
    ],
    ['calls it from within', undo('async def undo(self):\n        go = lambda: self.next(self.end)\n        go()')],
    ['calls it through its class', undo('def undo(self): FlowSpec.next(self, self.end)')],
    ['calls it of super', undo('def undo(self): super().next(self.end)')],
    ['calls it below a wrapper', undo('@quiet\n    def undo(self): self.next(self.end)')],
  ])('%s', (_, body) => {
    const quiet =
      'def quiet(f):\n    @functools.wraps(f)\n    def wrapper(*a, **k): return f(*a, **k)\n    return wrapper\n';
    expect(refused(body, quiet)).toBe(`${one} calls self.next. Undoing goes back, not on: remove the call.`);
  });

  it('has a namesake of `self` that is something else', () => {
    const body = undo(
      'def undo(self):\n        class It:\n            def one(self): return self.next()\n        return (lambda self: self.next)',
    );
    expect(accepted(body)['book']).toEqual(policy('undo'));
  });

  it.each([
    [
      'is a step',
      undo('@step\n    def undo(self): self.next(self.end)'),
      `${one} is itself a step. A handler is a method without @step, outside the graph.`,
    ],
    [
      'is a generator',
      undo('def undo(self): yield 1'),
      `${one} is a generator, which does nothing when it is called. Remove the *yield*.`,
    ],
    [
      'is an asynchronous generator',
      undo('async def undo(self): yield 1'),
      `${one} is a generator, which does nothing when it is called. Remove the *yield*.`,
    ],
    [
      'is a static method',
      '\n    @staticmethod\n    @compensate("book")\n    def undo(): pass\n',
      `${one} is a static method. Make it an ordinary method: def cancel(self).`,
    ],
    [
      'is a class method',
      '\n    @classmethod\n    @compensate("book")\n    def undo(cls): pass\n',
      `${one} is a class method. Make it an ordinary method: def cancel(self).`,
    ],
    [
      'is a property',
      '\n    @property\n    @compensate("book")\n    def undo(self): pass\n',
      `${one} is property. Make it an ordinary method: def cancel(self).`,
    ],
    [
      'takes more than self',
      undo('def undo(self, inputs, dry=True): pass'),
      `${one} takes the arguments (self, inputs, dry=True), but is called with self alone. Read what it needs from the step's artifacts (self.x) and from current.compensation.`,
    ],
    [
      'takes less than self',
      undo('def undo(): pass'),
      `${one} takes the arguments (), but is called with self alone. Read what it needs from the step's artifacts (self.x) and from current.compensation.`,
    ],
    [
      'is the second of a step',
      undo('def undo(self): pass\n    @book.compensate\n    def cancel(self): pass'),
      '*TripFlow.cancel* and *TripFlow.undo* both undo step *book*, but a step has one handler. Keep one, and let it call the other.',
    ],
    [
      'undoes a step that is not there',
      '\n    @compensate("boook")\n    def undo(self): pass\n',
      '*TripFlow.undo* undoes step *boook*, which TripFlow does not have. Did you mean *book*? Steps: book, end, start',
    ],
    [
      'is replaced by a method of the same name',
      undo('def undo(self): pass\n    def undo(self): pass'),
      '*TripFlow.undo*, which undoes step *book*, is not what its class has by that name. Either a later definition of the same name replaces it: rename one of the two; or a decorator above it hides it: have that use functools.wraps.',
    ],
    [
      'is hidden by a decorator',
      '\n    @hiding\n    @compensate("book")\n    def undo(self): pass\n',
      '*TripFlow.undo*, which undoes step *book*, is not what its class has by that name. Either a later definition of the same name replaces it: rename one of the two; or a decorator above it hides it: have that use functools.wraps.',
    ],
  ])('%s', (_, body, message) => {
    expect(refused(body, 'def hiding(f):\n    return lambda self: f(self)\n')).toBe(message);
  });

  it.each([
    [
      'compensate',
      '\n    @compensate\n    def undo(self): pass\n',
      '@compensate needs the name of the step to undo, not *undo*. Write @compensate("book_hotel").',
    ],
    [
      'compensate(7)',
      '\n    @compensate(7)\n    def undo(self): pass\n',
      '@compensate needs the name of the step to undo, not *7*. Write @compensate("book_hotel").',
    ],
    [
      'retries',
      '\n    @compensate("book", retries=-1)\n    def undo(self): pass\n',
      'retries of @compensate("book") must be a whole number from 0 on, not *-1*.',
    ],
    [
      'minutes',
      '\n    @book.compensate(minutes_between_retries="1")\n    def undo(self): pass\n',
      "minutes_between_retries of @book.compensate must be a number of minutes from 0 on, not *'1'*.",
    ],
    [
      'timeout',
      '\n    @book.compensate(timeout=float("inf"))\n    def undo(self): pass\n',
      'timeout of @book.compensate must be a number of seconds above 0, not *inf*.',
    ],
    [
      'what is no function',
      '\n    undo = compensate("book")(functools.partial(print))\n',
      'What undoes step *book* must be a method that takes only self, not a partial: def cancel(self).',
    ],
    [
      'the step itself',
      '\n    @book.compensate\n    def book(self): pass\n',
      'The handler *TripFlow.book* has the name of the step that it undoes, and replaces it. Give it a name of its own: def undo_book(self).',
    ],
    [
      'twice the same',
      '\n    @book.compensate\n    @compensate("book")\n    def undo(self): pass\n',
      '*TripFlow.undo* is declared twice to undo step *book*. Remove one of the two.',
    ],
  ])('is declared wrongly: %s; as soon as the class is made', (_, body, message) => {
    expect(refused(body)).toBe(message);
  });

  it('stops plain `metaflow run` too, where its decorator is wrong', () => {
    const { stdout, stderr, status } = spawnSync(python, [join(place.directory, 'trip.py'), 'run'], {
      cwd: place.directory,
      env: { ...place.env, PYTHONPATH: extensionPath(), METAFLOW_USER: 'tester' },
      encoding: 'utf8',
    });
    expect(status, stdout).toBe(1);
    expect(stderr).toMatch(/BadCompensation: \*TripFlow\.undo\* is declared twice/);
  });
});
