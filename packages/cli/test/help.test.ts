import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/program.js';

const program = createProgram(async () => undefined, '0.0.0');

describe('help', () => {
  it('of mft', () => {
    expect(program.configureHelp({ helpWidth: 110 }).helpInformation()).toMatchSnapshot();
  });

  it.each(program.commands.map((command) => [command.name(), command] as const))('of mft %s', (_name, command) => {
    expect(command.configureHelp({ helpWidth: 110 }).helpInformation()).toMatchSnapshot();
  });
});
