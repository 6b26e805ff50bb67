import { expect, test } from '@jest/globals';
import { createConnectedCloud } from '../../../local/simulation/connected-cloud.ts';
import { TWILIO_URL } from '../../../local/simulation/run.ts';
import { APPLICATIONS, planCalls } from '../../../local/simulation/scenario.ts';
import { synthesizeTemplate } from '../../../local/simulation/template.ts';
import { VirtualTime } from '../../../local/simulation/virtual-time.ts';
import { Dice } from '../../../local/twilio-simulator/random.ts';
import type { HttpRequest } from '../../../local/twilio-simulator/transport.ts';

const PUBLIC_URL = 'https://recorder.example.com';
const START = Date.UTC(2026, 0, 5, 8);
const MINUTE = 60_000;
const SEED = 11;
/** For the question, and then for the notice: yes, yes and then no, no, nothing. */
const PRESSED = [
  [[{ key: '1', afterMs: 500 }]],
  [[{ key: '1', afterMs: 500 }], [{ key: '9', afterMs: 300 }]],
  [[{ key: '5', afterMs: 500 }]],
  [],
] as const;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What there is, all of it. */
interface Snapshot {
  readonly rows: string;
  readonly executions: readonly string[];
  /** Requests that changed something at Twilio, or tried to. */
  readonly changes: readonly string[];
}

interface Day {
  readonly before: Snapshot;
  readonly after: Snapshot;
  /** Requests that were sent again, by the route. */
  readonly replayed: Readonly<Record<string, number>>;
  readonly statuses: readonly number[];
}

/** Calls come, all of them become final, and everything that Twilio sent comes again, hours later, in another order. */
async function dayAndReplay(calls: number): Promise<Day> {
  const template = await synthesizeTemplate({
    twilioApiBaseUrl: TWILIO_URL,
    notice: true,
    environment: { LOCAL_CONSENT: 'ask', LOCAL_OPT_OUT_KEY: '9' },
  });
  using time = VirtualTime.install({ startAt: START, seed: SEED });
  const delivered: HttpRequest[] = [];
  const { simulator, cloud } = await createConnectedCloud({
    template,
    seed: SEED,
    publicUrl: PUBLIC_URL,
    onRequest: (request) => {
      if (request.url.startsWith(PUBLIC_URL)) delivered.push(request);
    },
  });
  using _ = cloud;
  const changes: string[] = [];
  simulator.onEvent((event) => {
    if (event.type === 'rest-request' && event.method !== 'GET')
      changes.push(`${event.method} ${event.path}`);
  });
  const applications = {
    menu: simulator.hostApplication(APPLICATIONS.menu),
    desk: simulator.hostApplication(APPLICATIONS.desk),
  };
  const snapshot = (): Snapshot => ({
    // Where the sweeps have got to moves with the time, whatever comes.
    rows: cloud
      .rows()
      .filter(({ CallSid }) => CallSid !== 'SWEEP')
      .map((row) => JSON.stringify(row))
      .join('\n'),
    executions: [...cloud.executions.values()].map(({ name, status }) => `${name} ${status}`),
    changes: [...changes],
  });
  const plans = planCalls({ calls, seed: SEED, perSecond: 0.2, voiceWebhookTwice: 0.1 });
  const replayed: Record<string, number> = {};
  const statuses: number[] = [];

  const story = async (): Promise<readonly [Snapshot, Snapshot]> => {
    for (const [index, { afterMs, application, script }] of plans.entries()) {
      setTimeout(() => {
        const somebody = `+1555020${String(index).padStart(4, '0')}`;
        const isOutgoing = script.direction === 'outbound-api';
        simulator.placeCall({
          ...script,
          keys: PRESSED[index % PRESSED.length],
          from: isOutgoing ? '+15550100100' : somebody,
          to: isOutgoing ? somebody : '+15550100100',
          voiceUrl: cloud.voiceUrl(application && applications[application]),
        });
      }, afterMs);
    }
    await sleep(Math.max(...plans.map(({ afterMs }) => afterMs)) + 1);
    await simulator.idle();
    await sleep(30 * MINUTE);
    await cloud.idle();
    const before = snapshot();
    const dice = new Dice(SEED, 'replay');
    const shuffled = delivered
      .map((request) => ({ request, at: dice.share('order') }))
      .toSorted((a, b) => a.at - b.at);
    for (const { request } of shuffled) {
      const route = new URL(request.url).pathname.split('/')[1] ?? '';
      replayed[route] = (replayed[route] ?? 0) + 1;
      const outcome = await cloud.exchange(request);
      statuses.push('httpStatus' in outcome ? outcome.httpStatus : 0);
      await sleep(200);
    }
    await cloud.idle();
    await sleep(30 * MINUTE);
    await cloud.idle();
    return [before, snapshot()];
  };
  const [before, after] = await time.settle(story());
  return { before, after, replayed, statuses };
}

test('a day’s requests that come again change nothing', async () => {
  const { before, after, replayed, statuses } = await dayAndReplay(40);
  for (const route of ['voice', 'consent', 'opt-out', 'recording-status']) {
    expect(replayed[route]).toBeGreaterThan(5);
  }
  expect(new Set(statuses)).toEqual(new Set([200, 204]));
  expect(before.executions).not.toEqual([]);
  expect(after.changes.slice(before.changes.length)).toEqual([]);
  expect(after.executions).toEqual(before.executions);
  expect(after.rows).toBe(before.rows);
}, 120_000);
