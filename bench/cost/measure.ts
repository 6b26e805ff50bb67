import * as v from 'valibot';
import * as types from '../../local/host/resource-types.ts';
import { readStack, type Stack } from '../../local/host/stack.ts';
import type { CloudFormationTemplate } from '../../local/host/template.ts';
import { functionIdOf } from '../../local/simulation/cloud.ts';
import { createConnectedCloud } from '../../local/simulation/connected-cloud.ts';
import { sleep } from '../../local/simulation/effects.ts';
import { APPLICATIONS } from '../../local/simulation/scenario.ts';
import { VirtualTime } from '../../local/simulation/virtual-time.ts';
import type { SimulatedCall } from '../../local/twilio-simulator/simulator.ts';
import { judge } from '../../local/verdict.ts';
import { designOf } from './design.ts';
import { readTable, storedBytes } from './metered-table.ts';
import { type Meter, Meters } from './meters.ts';
import type { Design, SweepUsage, Usage } from './usage.ts';

export interface MeasureOptions {
  /** With a notice, and with path metadata. */
  readonly template: CloudFormationTemplate;
  readonly calls: number;
  readonly seed: number;
  /** How long each call lasts from its answer. */
  readonly talkMs: number;
}

export interface Measurement {
  readonly design: Design;
  readonly usage: Usage;
  readonly sweep: SweepUsage;
  /** Custom metrics that were seen. */
  readonly metrics: number;
  /** Requests to Twilio's REST API for one call. */
  readonly twilioRequests: number;
  /** How often a call enters each state, on average. */
  readonly states: Readonly<Record<string, number>>;
}

const STARTS_AT = Date.UTC(2026, 0, 5, 8);
/** A million calls a month, evenly spread. */
const BETWEEN_CALLS_MS = 2_628;
/** Until the sweep looks at the last call no more. */
const AFTERWARDS_MS = 13 * 60_000;
const SWEEP = 'sweep';

/** START, END and REPORT of an invocation that is traced, and CloudWatch's 26 bytes for each. */
const PLATFORM_BYTES = 420;

const AccessLog = v.object({ AccessLogSettings: v.optional(v.object({ Format: v.string() })) });

/**
 * Runs calls of one kind through the synthesized state machine and each function's real code, in virtual time and with
 * nothing going wrong, and counts what AWS would be paid for. The calls come as a million a month would. Durations are
 * what functions wait for: Twilio, modelled as in `DEFAULT_NETWORK`, the table (5 ms) and Step Functions (20 ms).
 *
 * @throws Error when a call did not go as it should: what would be counted then is something else
 */
export async function measureCalls({ template, calls, seed, talkMs }: MeasureOptions): Promise<Measurement> {
  const stack = readStack(template, 'https://recorder.example.com');
  const table = readTable(stack);
  using time = VirtualTime.install({ startAt: STARTS_AT, seed });
  using meters = new Meters(table);
  const { simulator, cloud } = await createConnectedCloud({ template, seed, ...meters.hooks });
  using _ = cloud;
  const voiceUrl = cloud.voiceUrl(simulator.hostApplication(APPLICATIONS.menu));
  const to = '+15550100100';
  simulator.addNumber({ phoneNumber: to, voiceUrl });
  const placed: SimulatedCall[] = [];
  const story = async (): Promise<void> => {
    for (let index = 0; index < calls; index += 1) {
      placed.push(simulator.placeCall({ from: '+15550200123', to, voiceUrl, talkMs }));
      await sleep(BETWEEN_CALLS_MS);
    }
    await simulator.idle();
    await sleep(AFTERWARDS_MS);
    await cloud.idle();
  };
  await time.settle(story());
  const { findings } = judge(placed, cloud.rows());
  if (findings.length > 0) throw new Error(`Not all calls went as they should:\n${findings.join('\n')}`);

  const stored = storedBytes(
    meters.items.filter(({ CallSid }) => CallSid?.S?.startsWith('CA')),
    table,
  );
  const ofCalls = new Map([...meters.functions].filter(([name]) => name !== SWEEP));
  const perCall = (figure: (meter: Meter) => number): number =>
    [...ofCalls.values()].reduce((sum, meter) => sum + figure(meter), 0) / calls;
  const sweep = meters.functions.get(SWEEP);
  if (!sweep) throw new Error('No sweep ran');
  const printedBy = (name: string): number => meters.output.bytes.get(name) ?? 0;
  const printed = [...ofCalls.keys()].reduce((sum, name) => sum + printedBy(name), 0) / calls;
  const entered = [...meters.states.values()].reduce((sum, times) => sum + times, 0);
  return {
    design: designOf(stack, (logicalId) => functionIdOf(template, { logicalId })),
    usage: {
      functions: Object.fromEntries(
        [...ofCalls].map(([name, { invocations, milliseconds }]) => [
          name,
          { invocations: invocations / calls, milliseconds: milliseconds / invocations },
        ]),
      ),
      transitions: (entered + meters.retries) / calls,
      apiRequests: meters.apiRequests / calls,
      writeUnits: perCall(({ writeUnits }) => writeUnits),
      indexWriteUnits: perCall(({ indexWriteUnits }) => indexWriteUnits),
      // The sweep reads the row of each call as long as it looks at it.
      readUnits: perCall(({ readUnits }) => readUnits) + (sweep.readUnits - sweep.invocations) / calls,
      secretReads: perCall(({ secretReads }) => secretReads),
      logBytes:
        printed +
        perCall(({ invocations }) => invocations) * PLATFORM_BYTES +
        (meters.apiRequests / calls) * accessLogBytes(stack),
      tableBytes: stored.table / calls,
      indexBytes: stored.index / calls,
    },
    sweep: {
      milliseconds: sweep.milliseconds / sweep.invocations,
      writeUnits: sweep.writeUnits / sweep.invocations,
      // Where the last one ended.
      readUnits: 1,
      secretReads: sweep.secretReads / sweep.invocations,
      logBytes: printedBy(SWEEP) / sweep.invocations + PLATFORM_BYTES,
    },
    metrics: meters.output.metrics.size,
    twilioRequests: perCall(({ twilioRequests }) => twilioRequests),
    states: Object.fromEntries([...meters.states].map(([name, times]) => [name, times / calls])),
  };
}

/** A line of the API's access log: its variables are about as long as what stands for them. */
function accessLogBytes(stack: Stack): number {
  const stage = stack.onlyResource(types.STAGE);
  return (stage && stack.properties(stage, AccessLog).AccessLogSettings?.Format.length) ?? 0;
}
