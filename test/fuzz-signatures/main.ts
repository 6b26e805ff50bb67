import Table from 'cli-table3';
import { readOptions, runCommand, wholeNumber } from '../../local/usage.ts';
import { fuzz } from './fuzz.ts';

const USAGE = `Sends generated requests, as Twilio signs them and forged in some fifty ways, to the recorder's webhooks, and holds
each answer against a second implementation of Twilio's signature.

  npm run fuzz:signatures -- [--requests N] [--seed S] [--json]

  --requests N   how many (default 100000)
  --seed S       the same seed sends the same requests (default 1)
  --json         the last line of standard output is one JSON object
`;

await runCommand(main, USAGE);

/** Whether each request was answered as it had to be. */
async function main(): Promise<boolean> {
  const options = readOptions({
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  const count = wholeNumber('requests', options.requests, 1);
  const seed = wholeNumber('seed', options.seed, 0);
  const { figures, mutations, findings } = await fuzz(count, seed, {
    onProgress: (sent) => {
      if (sent % 10_000 === 0) console.error(`${sent} of ${count}`);
    },
  });
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['genuine, accepted', figures.genuineAccepted],
    ['forged, refused', figures.forgedRefused],
    ['accepted wrongly', figures.acceptedWrongly],
    ['refused wrongly', figures.refusedWrongly],
    ['uncaught', figures.uncaught],
    ['answered with 5xx', figures.serverErrors],
    ['refused, and yet something was done', figures.effectsOfRefused],
    ['ways to forge', Object.keys(mutations).length - 1],
  );
  console.log(table.toString());
  for (const finding of findings) console.log(finding);
  if (options.json) console.log(JSON.stringify({ requests: count, seed, ...figures, mutations }));
  return findings.length === 0;
}
