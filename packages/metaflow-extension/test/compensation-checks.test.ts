import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Message, Place } from './launcher.js';
import { HEAD, policy, TAIL, useTrip } from './trip.js';

/* What may undo a step, and how patiently. */

const place = new Place();
afterAll(() => place.dispose());
const { accepted, ask, refused } = useTrip(place);

describe('a handler', () => {
  it('is declared by either spelling, with a policy of its own, anywhere in the class', () => {
    expect(
      accepted(`
    @compensate("start", retries=0, minutes_between_retries=0.5, timeout=1.5)
    def undo_start(self):
        self.note = "self.next(self.end)"
    @book.compensate(retries=5)
    async def undo_book(me):
        """Text that
goes to the margin."""
        next(iter([me.x]))
    @end.compensate
    def undo_end(self, *args, **kwargs): pass
`),
    ).toEqual({
      start: policy('undo_start', { retries: 0, minutesBetween: 0.5, timeout: 1.5 }),
      book: policy('undo_book', { retries: 5 }),
      end: policy('undo_end'),
    });
  });

  it('may undo several steps, and steps may have none', () => {
    expect(
      accepted('\n    @compensate("start")\n    @compensate("book", retries=1)\n    def undo(self): pass\n'),
    ).toEqual({
      start: policy('undo'),
      book: policy('undo', { retries: 1 }),
      end: undefined,
    });
  });

  it('stays through inheritance, decorators of steps and mutators, and ends by being set to None', () => {
    const base = `
from metaflow import FlowMutator, StepMutator, environment, retry, user_step_decorator
@user_step_decorator
def traced(step_name, flow, inputs=None, attributes=None):
    yield
class tuned(StepMutator):
    def mutate(self, mutable_step):
        mutable_step.add_decorator(retry, deco_kwargs={"times": 2})
class Everywhere(FlowMutator):
    def mutate(self, mutable_flow):
        for name, one in mutable_flow.steps:
            one.add_decorator("resources", deco_kwargs={"memory": 64})
class BaseFlow(FlowSpec):
    @traced
    @step
    def start(self):
        self.next(self.book)
    @start.compensate
    def undo_start(self): pass
    @tuned
    @traced
    @environment(vars={})
    @step
    def book(self):
        self.next(self.end)
    @compensate("book", timeout=7)
    def undo_book(self): pass
    @step
    def end(self): pass
    @end.compensate
    def undo_end(self): pass
`;
    const file = join(place.directory, 'inherited.py');
    const body = `
@Everywhere
class TripFlow(BaseFlow):
    undo_start = None
    def undo_book(self):
        super().undo_book()
    @step
    def end(self): print("another")
`;
    writeFileSync(file, `${HEAD}${base}${body}${TAIL}`);
    const answer = ask(file);
    expect(answer).not.toHaveProperty('error');
    const { policies } = answer as { policies: Record<string, Message> };
    expect(answer['decorators']).toMatchObject({ resources: ['book', 'end', 'start'] });
    expect(policies['start']).not.toHaveProperty('compensate');
    expect(policies['book']).toMatchObject({ retry: { user: 2 }, compensate: policy('undo_book', { timeout: 7 }) });
    expect(policies['end']).toMatchObject({ compensate: policy('undo_end') });
  });

  it('may take its numbers from Configs', () => {
    const head = 'from metaflow import Config, config_expr\n';
    const body = `
    undo = Config("undo", default_value={"retries": 7, "timeout": 12.5, "word": "x"})
    @compensate("start", retries=config_expr("undo.retries"), timeout=config_expr("undo")["timeout"])
    def undo_start(self):
        pass
    @book.compensate(minutes_between_retries=config_expr("undo.retries / 2"))
    def undo_book(self):
        pass
`;
    expect(accepted(body, head)).toEqual({
      start: policy('undo_start', { retries: 7, timeout: 12.5 }),
      book: policy('undo_book', { minutesBetween: 3.5 }),
    });
    expect(refused(body.replace('undo.retries"), t', 'undo.word"), t'), head)).toBe(
      `retries of @compensate("start") must be a whole number from 0 on, not *'x'*.`,
    );
    expect(refused(body.replace('undo.retries"), t', 'undo.nothing"), t'), head)).toBe(
      `What @compensate("start") takes from the flow's Configs is not there: AttributeError: nothing`,
    );
  });
});
