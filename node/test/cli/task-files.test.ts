import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliUnderTest } from './capture.ts';

const TASK = { title: 'Mood', skills: ['performs:nlp/sentiment'] };

let cli: CliUnderTest;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

describe('files that a task names', () => {
  it.each([
    ['above it', '../../../../../../../../etc/passwd'],
    ['by an absolute path', '/etc/passwd'],
    ['in a directory whose name begins the same', '../task-and-more/a.txt'],
    ['behind a link', 'link.txt'],
    ['below a link', 'link/a.txt'],
  ])('attack: a task file that has a file outside of its directory read, %s', async (_, file) => {
    const daemon = await cli.startDaemon();
    const [own, other] = [join(cli.path, 'task'), join(cli.path, 'task-and-more')];
    for (const directory of [own, other]) await mkdir(directory);
    await writeFile(join(other, 'a.txt'), 'secret');
    await symlink(join(other, 'a.txt'), join(own, 'link.txt'));
    await symlink(other, join(own, 'link'));
    const task = join(own, 'task.json');
    const part = { file, mediaType: 'text/plain' };
    await writeFile(task, JSON.stringify({ ...TASK, input: { parts: [part] } }));
    for (const command of ['run', 'decide']) {
      const { exitCode, stderr } = await cli.run(command, task);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('is outside of the directory of the task file');
      expect(stderr).toContain('copy it beside the task file, or use "run --skill TERM --input');
    }
    expect(daemon.node.calls).toEqual([]);
  });

  it('reads files below the directory of the task, by any path and by links in it', async () => {
    const daemon = await cli.startDaemon();
    await mkdir(join(cli.path, '..notes'));
    const whole = await cli.write('..notes/a.txt', 'good');
    await symlink(join('..notes', 'a.txt'), join(cli.path, 'link.txt'));
    const named = ['..notes/a.txt', './x/../..notes/a.txt', whole, 'link.txt'];
    const parts = named.map((file) => ({ file, mediaType: 'text/plain' }));
    const task = await cli.write('task.json', JSON.stringify({ ...TASK, input: { parts } }));
    daemon.node.answer = () => ({ status: 'completed' });
    expect((await cli.run('run', task, '--json')).exitCode).toBe(0);
    const { files } = daemon.node.calls[0]!.args[0] as { files: object };
    expect(Object.keys(files)).toEqual(named);
  });
});
