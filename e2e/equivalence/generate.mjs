/*
 * Random flows that Metaflow accepts.
 *
 * G1. The same seed gives the same file, on any machine.
 * G2. Every step mixes its inputs into `h`, so a wrong input, index, branch or parameter changes the artifacts after it.
 * G3. Nothing depends on the order of a join's inputs where Metaflow's own runtime promises none: values are sorted there.
 * G4. At most MAX_TASKS tasks, counted in advance with every switch taken at its longest way.
 */

const MAX_TASKS = 26;

/**
 * @typedef {{ kind: 'step' } | { kind: 'retry' } | { kind: 'catch' } | { kind: 'loop', rounds: number }
 *   | { kind: 'split', branches: Element[][] } | { kind: 'foreach', width: number, body: Element[] }
 *   | { kind: 'switch', ways: Element[][] }} Element
 */

/** @param {number} seed @returns {() => number} in [0, 1) */
function random(seed) {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A sequence of elements. Inside a split or a foreach it must not be empty nor end in a step that chooses (Metaflow's rule).
 *
 * @param {() => number} next
 * @param {number} depth
 * @param {boolean} inside
 * @returns {Element[]}
 */
function sequence(next, depth, inside) {
  const length = 1 + Math.floor(next() * (depth === 0 ? 3 : 2));
  /** @type {Element[]} */
  const elements = Array.from({ length }, () => element(next, depth));
  const last = elements.at(-1);
  if (inside && (last?.kind === 'loop' || (last?.kind === 'switch' && !last.ways.every((way) => closes(way))))) {
    elements.push({ kind: 'step' });
  }
  return elements;
}

/** Whether a way out of a switch ends in a step that may lead straight to a join. @param {Element[]} way */
function closes(way) {
  const last = way.at(-1);
  return last !== undefined && last.kind !== 'loop' && last.kind !== 'switch';
}

/** @param {() => number} next @param {number} depth @returns {Element} */
function element(next, depth) {
  const dice = next();
  if (depth >= 3 || dice < 0.2) {
    const kind = next();
    return kind < 0.12 ? { kind: 'retry' } : kind < 0.2 ? { kind: 'catch' } : { kind: 'step' };
  }
  if (dice < 0.32) return { kind: 'loop', rounds: 1 + Math.floor(next() * 3) };
  const several = (/** @type {boolean} */ inside) =>
    Array.from({ length: 2 + Math.floor(next() * 1.5) }, () => sequence(next, depth + 1, inside));
  if (dice < 0.55) return { kind: 'split', branches: several(true) };
  if (dice < 0.8) return { kind: 'foreach', width: 1 + Math.floor(next() * 3), body: sequence(next, depth + 1, true) };
  const ways = several(false);
  if (next() < 0.4) ways[0] = [];
  return { kind: 'switch', ways };
}

/** @param {Element[]} elements @returns {number} */
function count(elements) {
  return elements.reduce((sum, e) => {
    if (e.kind === 'split') return sum + 2 + e.branches.reduce((n, branch) => n + count(branch), 0);
    if (e.kind === 'foreach') return sum + 2 + e.width * count(e.body);
    if (e.kind === 'switch') return sum + 1 + Math.max(...e.ways.map(count));
    return sum + (e.kind === 'loop' ? e.rounds : e.kind === 'step' ? 1 : 2);
  }, 0);
}

/** Turns elements into the text of steps. */
class Writer {
  /** @type {string[]} */
  steps = [];
  /** @type {Record<string, number>} */
  counts = {};

  /** @param {string} kind */
  name(kind) {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return `${kind}${this.counts[kind]}`;
  }

  /** @param {string} name @param {string[]} lines @param {string} arguments_ @param {string[]} [decorators] */
  add(name, lines, arguments_ = 'self', decorators = []) {
    const body = lines.map((line) => `        ${line}`).join('\n');
    this.steps.push(
      [...decorators.map((d) => `    ${d}`), '    @step', `    def ${name}(${arguments_}):`, body].join('\n'),
    );
  }

  /**
   * Writes the elements so that they go on to `after`, and returns the name of the step that they begin with.
   *
   * @param {Element[]} elements
   * @param {string} after
   * @returns {{ first: string, artifacts: string[] }} names of artifacts that tasks of these elements set
   */
  write(elements, after) {
    let first = after;
    /** @type {string[]} */
    const artifacts = [];
    for (const element_ of [...elements].reverse()) {
      const written = this.element(element_, first);
      first = written.first;
      artifacts.push(...written.artifacts);
    }
    return { first, artifacts };
  }

  /** @param {Element} e @param {string} after @returns {{ first: string, artifacts: string[] }} */
  element(e, after) {
    if (e.kind === 'split') return this.split(e.branches, after);
    if (e.kind === 'foreach') return this.foreach(e, after);
    if (e.kind === 'switch') return this.choice(e.ways, after);
    const name = this.name(e.kind === 'step' ? 's' : e.kind);
    if (e.kind === 'loop') {
      this.add(name, [
        `self.${name}_count = getattr(self, "${name}_count", 0) + 1`,
        `note(self, "${name}", self.${name}_count)`,
        `self.${name}_way = "round" if self.${name}_count < ${e.rounds} else "out"`,
        `self.next({"round": self.${name}, "out": self.${after}}, condition="${name}_way")`,
      ]);
      return { first: name, artifacts: [`${name}_count`, `${name}_way`] };
    }
    if (e.kind === 'retry') {
      this.add(
        name,
        [
          'if current.retry_count == 0 and self.h % 2 == 0:',
          '    raise ValueError("again, please")',
          `note(self, "${name}", current.retry_count)`,
          `self.next(self.${after})`,
        ],
        'self',
        ['@retry(times=1, minutes_between_retries=0)'],
      );
      return { first: name, artifacts: [] };
    }
    if (e.kind === 'catch') {
      this.add(
        name,
        [
          'if self.h % 2 == 0:',
          '    raise KeyError("for @catch")',
          `note(self, "${name}")`,
          `self.next(self.${after})`,
        ],
        'self',
        [`@catch(var="${name}_problem", print_exception=False)`],
      );
      return { first: name, artifacts: [`${name}_problem`] };
    }
    this.add(name, [`note(self, "${name}")`, `self.${name}_h = self.h`, `self.next(self.${after})`]);
    return { first: name, artifacts: [`${name}_h`] };
  }

  /** @param {Element[][]} branches @param {string} after */
  split(branches, after) {
    const name = this.name('split');
    const join = `${name}_join`;
    const written = branches.map((branch) => this.write(branch, join));
    this.add(name, [`note(self, "${name}")`, `self.next(${written.map((w) => `self.${w.first}`).join(', ')})`]);
    const lines = [
      `gather(self, "${join}", inputs)`,
      // What @catch keeps in two branches differs.
      'self.merge_artifacts(inputs, exclude=["trail", "stack", "_catch_exception"])',
      `self.next(self.${after})`,
    ];
    this.add(join, lines, 'self, inputs');
    return { first: name, artifacts: written.flatMap((w) => w.artifacts) };
  }

  /** @param {{ width: number, body: Element[] }} e @param {string} after */
  foreach(e, after) {
    const name = this.name('each');
    const join = `${name}_join`;
    const body = this.write(e.body, join);
    this.add(name, [
      `note(self, "${name}")`,
      `self.${name}_items = [(self.h + 17 * i) % 1009 for i in range(${e.width})]`,
      `self.next(self.${body.first}, foreach="${name}_items")`,
    ]);
    const alone = ['trail', 'stack', '_catch_exception', ...body.artifacts];
    const excluded = alone.map((artifact) => JSON.stringify(artifact)).join(', ');
    this.add(
      join,
      [
        `gather(self, "${join}", inputs)`,
        `self.merge_artifacts(inputs, exclude=[${excluded}])`,
        `self.next(self.${after})`,
      ],
      'self, inputs',
    );
    return { first: name, artifacts: [`${name}_items`] };
  }

  /** @param {Element[][]} ways @param {string} after */
  choice(ways, after) {
    const name = this.name('switch');
    const written = ways.map((way) => this.write(way, after));
    const cases = written.map((w, i) => `"way${i}": self.${w.first}`).join(', ');
    const lines = [`note(self, "${name}")`, `self.${name}_way = "way%d" % (self.h % ${ways.length})`];
    this.add(name, [...lines, `self.next({${cases}}, condition="${name}_way")`]);
    return { first: name, artifacts: [`${name}_way`, ...written.flatMap((w) => w.artifacts)] };
  }
}

const HEAD = `
import sys
import zlib

from metaflow import FlowSpec, Parameter, catch, current, retry, step


def mix(*values):
    return zlib.crc32(repr(values).encode())


def note(flow, name, *more):
    """What a step saw: its inputs' value, where it stands in foreaches, its parameters."""
    flow.stack = [(frame[0], frame[2]) for frame in flow.foreach_stack() or []]
    flow.h = mix(flow.h, name, flow.stack, flow.alpha, flow.beta, more)
    flow.trail = flow.trail[-4:] + ["%s:%d" % (name, flow.h)]
    print(name, flow.h)


def gather(flow, name, inputs):
    """What a join saw, in an order of its own."""
    flow.seen = sorted((task.h, task.trail[-1]) for task in inputs)
    flow.h = mix(name, flow.seen, len(flow.seen), flow.foreach_stack() and len(flow.foreach_stack()))
    flow.trail = ["%s:%d" % (name, flow.h)]
    flow.stack = None
    print(name, flow.h, file=sys.stderr)

`;

/**
 * The text of a random flow.
 *
 * @param {number} seed
 * @returns {string}
 *
 * @example
 * writeFileSync('random_7.py', generateFlow(7));
 */
export function generateFlow(seed) {
  const next = random(seed);
  let elements = sequence(next, 0, false);
  while (count(elements) > MAX_TASKS || count(elements) < 4) elements = sequence(next, 0, false);
  const writer = new Writer();
  const name = `Random${seed}Flow`;
  const { first } = writer.write(elements, 'end');
  const alpha = Math.floor(next() * 1000);
  const beta = `b${Math.floor(next() * 1000)}`;
  writer.add('start', ['self.h = 0', 'self.trail = []', 'note(self, "start")', `self.next(self.${first})`]);
  writer.add('end', ['note(self, "end")']);
  return [
    `# equivalence: ${JSON.stringify({ params: { alpha, beta }, tags: [`seed:${seed}`] })}`,
    `"""Generated from seed ${seed}."""`,
    HEAD,
    `class ${name}(FlowSpec):`,
    '    alpha = Parameter("alpha", type=int, default=1)\n    beta = Parameter("beta", default="x")\n',
    writer.steps.reverse().join('\n\n'),
    `\n\nif __name__ == "__main__":\n    ${name}()\n`,
  ].join('\n');
}
