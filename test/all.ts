import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CODE_CACHE } from '../local/host/environment-protocol.ts';
import { KEEP_ASSEMBLIES_IN } from '../local/synthesize.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

/*
 * Runs all tests: those that need real time, which mostly wait, and beside them all others, with what those leave of the
 * processors.
 */

interface Suite {
  readonly script: string;
  readonly priority?: number;
}

const SUITES: readonly Suite[] = [
  { script: 'test:real-time' },
  { script: 'test:virtual', priority: constants.priority.PRIORITY_BELOW_NORMAL },
];

/** What the suite printed is shown at its end, so that the two do not mix. */
async function run({ script, priority }: Suite): Promise<boolean> {
  const tests = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  if (priority !== undefined && tests.pid !== undefined) {
    // Its own processes inherit it.
    setPriority(tests.pid, priority);
  }
  const [output, report, [exitCode]] = await Promise.all([
    text(tests.stdout),
    text(tests.stderr),
    once(tests, 'exit'),
  ]);
  console.log(`${script}\n${output}${report}`);
  return exitCode === 0;
}

// Set for all of them: what one has synthesized serves the others too.
using assemblies = temporaryFolder();
process.env[KEEP_ASSEMBLIES_IN] = assemblies.path;
// They start hundreds of processes and threads, each of which would compile the same sources again.
process.env[CODE_CACHE] = join(assemblies.path, 'code-cache');
const passed = await Promise.all(SUITES.map(run));
process.exitCode = passed.every(Boolean) ? 0 : 1;
