import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/program.js';

const program = createProgram(async () => undefined, '0.0.0');

describe('help', () => {
  it('of mft', () => {
    expect(program.configureHelp({ helpWidth: 110 }).helpInformation()).toMatchSnapshot();
  });

  const commands = program.commands.flatMap((command) => [
    [command.name(), command] as const,
    ...command.commands.map((one) => [`${command.name()} ${one.name()}`, one] as const),
  ]);

  it.each(commands)('of mft %s', (_name, command) => {
    expect(command.configureHelp({ helpWidth: 110 }).helpInformation()).toMatchSnapshot();
  });
});
