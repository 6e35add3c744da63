import { expect, test } from 'vitest';
import { toDot, toMermaid } from '../src/index.js';
import { choose, end, graphOf, wild } from './support/graphs.js';

test('Mermaid: every step, foreach and cases on the edges', () => {
  expect(toMermaid(wild)).toBe(`flowchart TD
  s_start(["start"])
  s_left[["left"]]
  s_cell["cell"]
  s_cells[/"cells"\\]
  s_right{"right: which?"}
  s_warm["warm"]
  s_cool["cool"]
  s_merged["merged"]
  s_both[/"both"\\]
  s_loop{"loop: which?"}
  s_end(["end"])
  s_start --> s_left
  s_start --> s_right
  s_left -->|"each of items"| s_cell
  s_cell --> s_cells
  s_cells --> s_both
  s_right -->|"hot"| s_warm
  s_right -->|"cold"| s_cool
  s_warm --> s_merged
  s_cool --> s_merged
  s_merged --> s_both
  s_both --> s_loop
  s_loop -->|"again"| s_loop
  s_loop -->|"done"| s_end
`);
});

test('Graphviz: every step, foreach and cases on the edges', () => {
  const dot = toDot(wild);
  expect(dot).toContain('digraph "WildFlow" {');
  expect(dot).toContain('"left" [label="left", shape=box3d];');
  expect(dot).toContain('"left" -> "cell" [label="each of items"];');
  expect(dot).toContain('"loop" -> "loop" [label="again"];');
  expect(dot.match(/->/g)).toHaveLength(13);
});

test('cases of one target share an edge, and their text is escaped', () => {
  const graph = graphOf('F', choose('start', { 'a "b"': 'end', 'c\\d': 'end' }), end());
  expect(toMermaid(graph)).toContain('s_start -->|"a #quot;b#quot;, c\\d"| s_end');
  expect(toDot(graph)).toContain('"start" -> "end" [label="a \\"b\\", c\\\\d"];');
});
